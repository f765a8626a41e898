"""Each condition of the search grammar."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from dev.factories import ProfileFactory
from finance.models import FinancialTransaction
from tests.finance.search.conftest import Find
from users.models import User

pytestmark = pytest.mark.usefixtures("ledger")
EVERY = ["coffee", "salary", "rent"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("coffee", ["coffee"]),
        ("COFFEE", ["coffee"]),
        ("coff", []),
        ("coff*", ["coffee"]),
        ("corner", ["coffee"]),
        ('"corner shop"', ["coffee"]),
        ('"shop corner"', []),
        ('"corner sh"*', ["coffee"]),
        ("“corner shop”", ["coffee"]),
        ("zoe", ["coffee"]),
        ("work", ["coffee"]),
        ("eating", ["coffee"]),
        ("inv", ["coffee"]),
        ("coffee salary", []),
        ("coffee or salary", ["coffee", "salary"]),
        ("coffee OR salary", ["coffee", "salary"]),
        ("coffee or salary eating", ["coffee"]),
        ("eating or coffee salary", ["coffee"]),
        ("(coffee or salary) is:pending", ["salary"]),
        ("-coffee", ["salary", "rent"]),
        ("-(coffee or salary)", ["rent"]),
        ("-tag:work -is:income", ["rent"]),
        ("category:food", ["coffee"]),
        ("category:Dining", ["coffee"]),
        ('category:"eating out"', ["coffee"]),
        ("category!=food", ["salary", "rent"]),
        ("-category:housing", ["coffee", "salary"]),
        ("category:nothing", []),
        ("payee:shop", ["coffee"]),
        ('payee:"corner shop"', ["coffee"]),
        ("tag:WORK", ["coffee"]),
        ("tag:wor", []),
        ("account:checking", ["coffee", "rent"]),
        ("account!=checking", ["salary"]),
        ("description:salary", ["salary"]),
        ("description:corner", []),
        ("merchant:mcdonald's", ["coffee"]),
        ("note:zoë", ["coffee"]),
        ("reference:2026", ["coffee"]),
        ("type:income", ["salary"]),
        ("status:pending", ["salary"]),
        ("status!=pending", ["coffee", "rent"]),
        ("currency:eur", ["coffee"]),
        ("amount:4.5", ["coffee"]),
        ("amount>50", ["salary", "rent"]),
        ("amount > 50", ["salary", "rent"]),
        ("amount>=900", ["salary", "rent"]),
        ("amount<900", ["coffee"]),
        ("amount<=900", ["coffee", "rent"]),
        ("amount!=900", ["coffee", "salary"]),
        ("amount:4..900", ["coffee", "rent"]),
        ("amount:900..", ["salary", "rent"]),
        ("amount:..900", ["coffee", "rent"]),
        ("signed>0", ["salary"]),
        ("signed:-900..-4.50", ["coffee", "rent"]),
        ("date:2026", ["coffee", "salary"]),
        ("date:2026-03", ["coffee"]),
        ("date:2026-03-31", ["coffee"]),
        ("date!=2026", ["rent"]),
        ("date>2026-02", ["coffee"]),
        ("date>=2026-02", ["coffee", "salary"]),
        ("date<2026-02", ["rent"]),
        ("date<=2026-02", ["salary", "rent"]),
        ("date:2025..2026-02", ["salary", "rent"]),
        ("date:2026-02-02..", ["coffee"]),
        ("date:..2025", ["rent"]),
        ("posted:2026-04", ["coffee"]),
        ("-posted:2026-04", ["salary", "rent"]),
        ("has:note", ["coffee"]),
        ("has:tag", ["coffee", "rent"]),
        ("-has:account", ["salary"]),
        ("has:posted", ["coffee"]),
        ("has!=reference", ["salary", "rent"]),
        ("is:uncategorized", ["salary"]),
        ("is:expense", ["coffee", "rent"]),
        ("is:completed", ["coffee", "rent"]),
        ("is:canceled", []),
        ("sort:amount", ["rent", "coffee", "salary"]),
        ("sort:-amount", ["salary", "coffee", "rent"]),
        ("sort:date has:tag", ["rent", "coffee"]),
        ("   ", EVERY),
    ],
)
def test_a_condition_finds(find: Find, search: str, found: list[str]) -> None:
    assert find(search) == found


def test_every_condition_of_a_long_search_counts(find: Find) -> None:
    whole = (
        'category:food amount>4 date:2026-01..2026-03 -tag:home "corner shop" (coffee or tea) corn* account:checking '
        'payee:"corner shop" status:completed currency:EUR type:expense has:note sort:-amount'
    )
    assert find(whole) == ["coffee"]
    assert find(whole.replace("amount>4", "amount>5")) == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("date:today", []),
        ("date:yesterday", ["coffee"]),
        ("date:last-month", ["coffee"]),
        ("date:this-month", []),
        ("date:last-59-days", ["coffee"]),
        ("date:last-60-days", ["coffee", "salary"]),
        ("date:last-year", ["rent"]),
        ("date:last-year..last-month", EVERY),
        ("date<this-year", ["rent"]),
        ("posted:today", ["coffee"]),
    ],
)
def test_a_word_for_days_means_those_of_the_user(find: Find, alice: User, search: str, found: list[str]) -> None:
    ProfileFactory(user=alice, timezone="Pacific/Auckland")
    with time_machine.travel(datetime(2026, 3, 31, 12, 0, tzinfo=UTC), tick=False):  # 2026-04-01 there
        assert find(search) == found


def test_a_day_of_an_instant_is_the_users(find: Find, alice: User, ledger: dict[str, Any]) -> None:
    ProfileFactory(user=alice, timezone="Pacific/Auckland")
    FinancialTransaction.objects.filter(pk=ledger["rent"].pk).update(created_at=datetime(2024, 12, 31, 11, 0, tzinfo=UTC))
    FinancialTransaction.objects.filter(pk=ledger["salary"].pk).update(created_at=datetime(2024, 12, 31, 10, 59, tzinfo=UTC))
    assert find("created:2025") == ["rent"]
    assert find("created:2024") == ["salary"]
    assert find("created<=2024-12-31") == ["salary"]


def test_a_merged_name_leads_to_the_other_one(find: Find, alice: User) -> None:
    for model, name, other in (("category", "Meals", "dining"), ("tag", "Job", "Work"), ("payee", "C. Shop", "Corner Shop")):
        rows = getattr(alice, f"{model}_set")
        target = rows.get(slug=other) if model == "category" else rows.get(name=other)
        extra = {"slug": "meals"} if model == "category" else {}
        rows.create(name=name, merged_into=target, **extra)
    assert find("category:meals") == find("tag:job") == find('payee:"c. sh"') == ["coffee"]
