"""Changes of many transactions at once, with their undo, against the plain UPDATE of the same rows with the same triggers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median
from typing import Any

from django.db import connection, transaction

from benchmarks.data import BenchmarkUsers
from benchmarks.measure import timed
from benchmarks.scale import Scale
from core import clock, rls
from core.postgres import limits
from finance.models import Category, EditRun, FinancialTransaction, Payee, Rule, Tag
from finance.services import apply_rules, merge_names, undo_edit
from finance.services.rule_names import with_ids
from users.models import User

SIZES = (10_000, 100_000)
MARK, PAYEE = "changed", "Changed"
GOAL = 3.0
MARKED = """
UPDATE finance_financialtransaction SET category = %s, payee = %s, tags = ARRAY[%s], note = %s
 WHERE id IN (SELECT id FROM finance_financialtransaction WHERE user_id = %s ORDER BY id LIMIT %s)
"""
PLAIN = "UPDATE finance_financialtransaction SET {} WHERE user_id = %s AND note = %s"
PLAIN_UPDATES = {
    "rule": (
        """category = 'ruled', sources = sources || '{"category": {"kind": "rule", "id": null, "version": 1}}'""",
        "run of a rule",
    ),
    "category": ("category = 'other'", "merge of a category"),
    "payee": ("payee = 'Other'", "merge of a payee"),
    "tag": (f"tags = array_replace(tags, '{MARK}', 'other')", "merge of a tag"),
}
HEAD = "| transactions | change | plain UPDATE, s | change / UPDATE | undo / UPDATE | goal |\n|---|---|---|---|---|---|"


def table(users: BenchmarkUsers, scale: Scale) -> str:
    """Return the durations as Markdown. Every change is rolled back, and its triggers run as always."""
    owner = User.objects.get(pk=users.heavy.id)
    held = FinancialTransaction.objects.for_user(owner).count()
    return "\n".join([HEAD, *(line for size in SIZES if size <= held for line in _lines(owner, size, min(scale.rounds, 5)))])


def _lines(owner: User, size: int, rounds: int) -> Iterator[str]:
    with limits.job_time(), transaction.atomic(), rls.as_customer(owner):
        changes = _changes(owner, size)
        for kind, (assignments, title) in PLAIN_UPDATES.items():
            plain = partial(_execute, PLAIN.format(assignments), owner.pk, MARK)
            found = [_round(owner, plain, changes[kind]) for _ in range(rounds)]
            update, change, undo = (median(each) for each in zip(*found, strict=True))
            yield f"| {size:,} | {title} | {update:.2f} | {change / update:.2f} | {undo / update:.2f} | at most {GOAL:g} |"
        transaction.set_rollback(True)


def _changes(owner: User, size: int) -> dict[str, Callable[[], object]]:
    """Give `size` transactions a category, payee, tag and note of their own, and return the changes of them."""
    categories = [Category.objects.create(user=owner, name=name, slug=name) for name in (MARK, "other", "ruled")]
    payees = [Payee.objects.create(user=owner, name=name) for name in (PAYEE, "Other")]
    tags = [Tag.objects.create(user=owner, name=name) for name in (MARK, "other")]
    _execute(MARKED, MARK, PAYEE, MARK, MARK, owner.pk, size)
    actions = with_ids(owner.pk, [{"type": "set_category", "value": "ruled"}])
    rule = Rule.objects.create(user=owner, name="r", search=f"note:{MARK}", actions=actions)
    return {
        "rule": lambda: apply_rules([rule], now=clock.now()),
        "category": lambda: merge_names(merged=categories[0], into=categories[1], now=clock.now()),
        "payee": lambda: merge_names(merged=payees[0], into=payees[1], now=clock.now()),
        "tag": lambda: merge_names(merged=tags[0], into=tags[1], now=clock.now()),
    }


def _round(owner: User, plain: Callable[[], object], change: Callable[[], object]) -> tuple[float, float, float]:
    """Return the seconds of the plain UPDATE, of the change and of its undo."""
    with _rolled_back():
        update = timed(plain)
    with _rolled_back():
        changed = timed(change)
        run = EditRun.objects.for_user(owner).latest("created_at")
        return update, changed, timed(lambda: undo_edit(run=run, now=clock.now()))


def _execute(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


@contextmanager
def _rolled_back() -> Iterator[None]:
    key = transaction.savepoint()
    yield
    transaction.savepoint_rollback(key)
