"""The view of what transactions count as: its sums, its effects, and that it shows each reader only what is theirs."""

from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import connection

from core import clock, rls
from dev.factories import AccountFactory, TransactionFactory
from dev.factories.finance import category_of
from finance import services
from finance.models import FinancialTransaction, Part
from finance.models.divided import COMING_IN
from finance.services.divisions import store_divisions
from health.services import daily_spending
from users.models import User

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)


def write(user: User, amount: str, kind: str = "expense", **fields: Any) -> FinancialTransaction:
    row = TransactionFactory.build(
        user=user, financial_profile=None, amount=Decimal(amount), transaction_type=kind, transaction_date=DAY, **fields
    )
    row.save(force_insert=True)
    store_divisions([row], are_new=True)
    return row


def part(amount: str, category: str = "") -> dict[str, Any]:
    return {"amount": Decimal(amount), "category": category, "note": "", "tags": []}


def counted(user: User) -> list[tuple[str, str, str]]:
    rows = Part.objects.for_user(user).counted().order_by("transaction_id", "number")
    return [(str(row.amount), row.category, row.effect) for row in rows]


def test_effects(alice: User) -> None:
    food, pay, tax = (category_of(alice, name) for name in ("food", "pay", "tax"))
    write(alice, "-5.00", category=food)
    write(alice, "-1.00", "fee")
    write(alice, "9.00", "transfer")
    write(alice, "3.00", "refund", category=food)
    write(alice, "2200.00", "income", splits=[part("3000.00", pay), part("-800.00", tax)])
    write(alice, "-7.00", splits=[part("-8.00", food), part("1.00")])
    write(alice, "-4.00", status="failed")
    assert counted(alice) == [
        ("-5.00", "food", "spending"),
        ("-1.00", "", "spending"),
        ("9.00", "", "transfer"),
        ("3.00", "food", "spending"),
        ("3000.00", "pay", "income"),
        ("-800.00", "tax", "spending"),
        ("-8.00", "food", "spending"),
        ("1.00", "", "spending"),
    ]


def test_the_fee_of_a_transfer_is_spending(alice: User) -> None:
    paid, received = (
        TransactionFactory(user=alice, amount=Decimal("-103.50")),
        TransactionFactory(user=alice, amount=Decimal("100.00"), transaction_type="income"),
    )
    services.link_transactions(outgoing=paid, incoming=received, now=clock.now())
    assert counted(alice) == [("-100.00", "", "transfer"), ("-3.50", "", "spending"), ("100.00", "", "transfer")]


def test_the_parts_of_a_transaction_add_up_to_it(alice: User) -> None:
    random = Random(18)
    expenses: list[FinancialTransaction] = []
    for number in range(60):
        cents = random.randrange(100, 9_000)
        cuts = sorted(random.sample(range(1, cents), 2))
        parts = [part(str(-Decimal(each) / 100)) for each in (cuts[0], cuts[1] - cuts[0], cents - cuts[1])]
        expenses.append(write(alice, str(-Decimal(cents) / 100), splits=parts if number % 2 else []))
    for number in range(30):
        chosen = expenses[2 * number : 2 * number + 2]
        limit = int(-100 * sum(row.amount for row in chosen))
        refund = Decimal(random.randrange(1, limit + 1)) / 100
        write(alice, str(refund), random.choice(COMING_IN), refund_of=[row.pk for row in chosen])
    sums: dict[Any, Decimal] = {}
    for row in Part.objects.for_user(alice):
        assert row.amount == row.amount.quantize(Decimal("0.01"))
        sums[row.transaction_id] = sums.get(row.transaction_id, Decimal(0)) + row.amount
    assert sums == {row.pk: row.amount for row in FinancialTransaction.objects.for_user(alice)}
    numbers = Part.objects.for_user(alice).values_list("transaction_id", "number")
    assert len(set(numbers)) == len(numbers)


def test_correlations_count_parts_and_refunds(alice: User) -> None:
    food, wine = category_of(alice, "food"), category_of(alice, "wine")
    bought = write(alice, "-30.00", splits=[part("-10.00", food), part("-20.00", wine)])
    write(alice, "6.00", "refund", refund_of=[bought.pk])
    write(alice, "500.00", "income")
    spent = daily_spending(alice, DAY, DAY)
    assert {name: days[DAY] for name, days in spent.items()} == {"": Decimal(24), "food": Decimal(8), "wine": Decimal(16)}


def test_row_level_security_holds_in_the_view(alice: User, bob: User) -> None:
    write(alice, "-30.00", splits=[part("-10.00"), part("-20.00")])
    theirs = write(bob, "-5.00")
    write(bob, "5.00", "refund", refund_of=[theirs.pk])
    with rls.as_customer(alice):
        assert Part.objects.count() == 2
    with rls.as_customer(bob):
        assert Part.objects.count() == 2
    with rls.as_staff():
        assert Part.objects.count() == 4


def test_a_customers_parts_are_read_by_an_index(alice: User) -> None:
    account = AccountFactory(user=alice)
    FinancialTransaction.objects.bulk_create(
        TransactionFactory.build(user=alice, financial_profile=account, transaction_date=DAY) for _ in range(300)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE finance_financialtransaction")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT * FROM finance_part WHERE user_id = %s AND transaction_date = %s", [alice.pk, DAY])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" not in plan, plan
