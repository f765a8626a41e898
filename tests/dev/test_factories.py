"""Dates of the factories' rows, which are relative to the clock."""

import ast
import re
from pathlib import Path

import pytest
import time_machine

from dev.factories import AlertFactory, CheckinFactory, ImportantDateFactory, InvoiceFactory, SubscriptionFactory

FACTORIES = Path(__file__).resolve().parents[2] / "dev" / "factories"
CONSTANTS = {"date", "datetime", "fromisoformat", "strptime"}


def constants_in(module: Path) -> list[str]:
    """Return the dates that do not depend on the clock: calls that create one, and strings that begin like one."""
    nodes = list(ast.walk(ast.parse(module.read_text())))
    calls = [node for node in nodes if isinstance(node, ast.Call) and node.args]
    texts = [node for node in nodes if isinstance(node, ast.Constant) and re.match(r"\d{4}-\d\d", str(node.value))]
    return [ast.unparse(each) for each in [*texts, *(call for call in calls if name_of(call) in CONSTANTS)]]


def name_of(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


@pytest.mark.parametrize("module", sorted(FACTORIES.glob("*.py")), ids=lambda path: path.stem)
def test_no_factory_has_a_fixed_date(module: Path) -> None:
    assert constants_in(module) == []


@pytest.mark.django_db
@pytest.mark.parametrize("day", ["2024-02-29 12:00Z", "2026-03-10 00:30Z", "2031-12-31 23:30Z"])
def test_rows_are_as_old_on_every_day(day: str) -> None:
    with time_machine.travel(day, tick=False):
        assert ImportantDateFactory.build().days_until_due in (4, 5)  # in the fallback time zone, west of UTC
        assert SubscriptionFactory.build(running=True).is_running
        assert not AlertFactory.build().is_expired
        assert 0 <= CheckinFactory.build().checkin_date.year - int(day[:4]) + 25 <= 25
        assert InvoiceFactory.build().billing_date.date().isoformat() < day
