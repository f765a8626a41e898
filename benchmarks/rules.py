"""A rule that changes 10,000 transactions, with its preview and its undo, against the plain UPDATE of the same rows."""

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
from finance.models import Category, Rule
from finance.services import RuleOnRows, apply_rules, undo_edit
from finance.services.rule_names import with_ids
from users.models import User

ROWS, MARK = 10_000, "ruled"
GOAL = 3.0
MARKED = """
UPDATE finance_financialtransaction SET note = %s
 WHERE id IN (SELECT id FROM finance_financialtransaction WHERE user_id = %s ORDER BY id LIMIT %s)
"""
PLAIN = """
UPDATE finance_financialtransaction
   SET category = %s, sources = sources || '{"category": {"kind": "rule", "id": null, "version": 1}}'
 WHERE user_id = %s AND note = %s
"""
HEAD = f"| {ROWS:,} transactions | median, s | × the plain UPDATE | goal |\n|---|---|---|---|"


def table(users: BenchmarkUsers, scale: Scale) -> str:
    """Return the durations as Markdown. Every work is rolled back, and its triggers run as always."""
    owner = User.objects.get(pk=users.heavy.id)
    with transaction.atomic(), rls.as_customer(owner):
        _execute(MARKED, MARK, owner.pk, ROWS)
        [slug] = Category.objects.for_user(owner).current().values_list("slug", flat=True)[:1]
        actions = with_ids(owner.pk, [{"type": "set_category", "value": "ruled"}])
        rule = Rule.objects.create(user=owner, name="r", search=f"note:{MARK}", actions=actions)
        works: dict[str, Callable[[], object]] = {
            "plain UPDATE": lambda: _execute(PLAIN, slug, owner.pk, MARK),
            "first page of the preview": lambda: RuleOnRows(rule, now=clock.now()).preview(offset=0, limit=200),
            "run of the rule": lambda: apply_rules([rule], now=clock.now()),
        }
        found: dict[str, list[float]] = {name: [] for name in (*works, "undo")}
        for _ in range(min(scale.rounds, 5)):
            for name, work in works.items():
                with _rolled_back():
                    found[name].append(timed(work))
            with _rolled_back():
                [run] = apply_rules([rule], now=clock.now()).runs
                found["undo"].append(timed(partial(undo_edit, run=run, now=clock.now())))
        transaction.set_rollback(True)
    plain, goals = median(found["plain UPDATE"]), {"run of the rule": f"at most {GOAL:g}", "undo": f"at most {GOAL:g}"}
    lines = [
        f"| {name} | {median(each):.2f} | {median(each) / plain:.2f} | {goals.get(name, '')} |" for name, each in found.items()
    ]
    return "\n".join([HEAD, *lines])


def _execute(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


@contextmanager
def _rolled_back() -> Iterator[None]:
    key = transaction.savepoint()
    yield
    transaction.savepoint_rollback(key)
