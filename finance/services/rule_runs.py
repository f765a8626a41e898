"""Runs of rules: of one or all, at once or by a job, and on the transactions that an import has created."""

import io
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, transaction

from core.api.filters.searches import read_search
from core.api.filters.tree import AnyOf, Search
from core.errors import DomainError
from core.postgres.limits import job_time
from finance.models import EditRun, FinancialTransaction, Rule, StatementImport
from finance.services.rules import Progress, RuleOnRows, found_in, require_count
from finance.transaction_fields import TRANSACTION_FIELDS
from users.locks import lock
from users.models import Upload, User
from users.models.uploads import UploadKind
from users.tasks import queue_upload

MAX_AT_ONCE = 1_000  # transactions; more are changed by a job

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The edits of rules, each of which can be undone, without those of rules that changed nothing."""

    runs: list[EditRun]

    @property
    def updated(self) -> int:
        """The number of changed transactions; one that two rules have changed counts twice."""
        return sum(run.row_count for run in self.runs)


def apply_rules(
    rules: Iterable[Rule],
    *,
    now: datetime,
    expected_count: int | None = None,
    on_progress: Progress = lambda percent: None,
) -> RuleResult:
    """Apply rules of one owner one after the other, all or none. A rule sees what those before it have changed.

    Raise ConflictError if a rule would change another number of transactions than `expected_count`.
    """
    runs, stopped, wanted = list[EditRun](), list[UUID](), list(rules)
    with job_time():
        if wanted:
            lock(f"runs of rules {wanted[0].user_id}")  # two at a time would wait for each other's rows
        for number, rule in enumerate(wanted):
            rows = RuleOnRows(rule, now=now, without=stopped)
            stopped += rows.matched_keys() if rule.stop and rule is not wanted[-1] else []
            run = rows.apply(
                expected_count=expected_count,
                # mypy infers no type for a lambda with a default, which binds the number of this rule
                on_progress=lambda percent, done=number: on_progress((100 * done + percent) // len(wanted)),  # type: ignore[misc]
            )
            runs += [run] if run else []
    return RuleResult(runs)


def apply_or_queue(*, user: User, rule: Rule | None, now: datetime, expected_count: int | None = None) -> RuleResult | Upload:
    """Apply a rule, or all active rules of a user, at once if that changes few transactions, else by a job.

    Raise ConflictError as `apply_rules` does, and a 429 if too many jobs of the user wait.
    """
    rules = [rule] if rule else rules_of(user)
    if rule:
        number = len(RuleOnRows(rule, now=now).changed_keys())
        require_count(number, expected_count)
    else:
        number = _number_of_found(user, rules, now=now)
    if number <= MAX_AT_ONCE:
        return apply_rules(rules, now=now, expected_count=expected_count)
    options = {"rule": str(rule.pk) if rule else None, "expected_count": expected_count}
    return queue_upload(user=user, kind=UploadKind.RULES, file=io.BytesIO(), filename="", size=0, options=options)


def apply_upload(upload: Upload, on_progress: Progress, *, now: datetime) -> RuleResult:
    """Apply the rules of a job, with the options that `apply_or_queue` has stored. Raise DomainError if its rule is gone."""
    rules = rules_of(upload.user, upload.options["rule"])
    if upload.options["rule"] and not rules:
        raise DomainError("not_found", "The rule was deleted. Nothing was changed.", status=404)
    return apply_rules(rules, now=now, expected_count=upload.options["expected_count"], on_progress=on_progress)


def apply_to_import(record: StatementImport, *, now: datetime) -> RuleResult:
    """Apply the active rules to the transactions that an import has created, in its transaction.

    A rule that fails changes nothing and is logged, because the import must not fail with it.
    """
    runs, stopped = list[EditRun](), list[UUID]()
    for rule in rules_of(record.user):
        try:
            with transaction.atomic():
                rows = RuleOnRows(rule, now=now, record=record, without=stopped)
                found = rows.matched_keys() if rule.stop else []
                run = rows.apply()
        except (DatabaseError, DomainError):
            logger.exception("The rule %s failed on the import %s.", rule.pk, record.pk)
            continue
        stopped += found
        runs += [run] if run else []
    return RuleResult(runs)


def rules_of(user: User, key: UUID | str | None = None) -> list[Rule]:
    """Return the active rules of a user in their order, or the one with an id."""
    rules = Rule.objects.for_user(user)
    found = list(rules.filter(pk=key) if key else rules.filter(is_active=True).order_by("order", "pk"))
    for rule in found:
        rule.user = user
    return found


def _number_of_found(user: User, rules: list[Rule], *, now: datetime) -> int:
    """Return the number of transactions that any of the rules finds, at most one more than MAX_AT_ONCE."""
    conditions = [read_search(rule.search, TRANSACTION_FIELDS).where for rule in rules]
    search = Search(AnyOf(tuple(each for each in conditions if each)))
    rows = FinancialTransaction.objects.for_user(user)
    found = found_in(rows, search, user=user, now=now) if rules else rows.none()
    return found.order_by()[: MAX_AT_ONCE + 1].count()
