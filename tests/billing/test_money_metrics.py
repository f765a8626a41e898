"""The tables of charges, refunds and disputes, checked with rows whose results can be calculated by hand."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from billing import money_metrics
from billing.metric_tables import Metric
from dev.factories import AdjustmentFactory, InvoiceFactory
from tests.sign_in import member

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
MARCH = datetime(2026, 3, 5, tzinfo=UTC)


def pay(amount: str, *, at: datetime = MARCH, **more: Any) -> None:
    facts = {"status": "paid", "paid_at": at, "amount": Decimal(amount)} | more
    InvoiceFactory(stripe_invoice_id=f"in_{amount}_{at}", **facts)


def adjust(kind: str, status: str, amount: str, **more: Any) -> None:
    AdjustmentFactory(kind=kind, status=status, amount=Decimal(amount), happened_at=more.pop("at", MARCH), **more)


def books() -> list[tuple[str, ...]]:
    return [(row[0], row[1], *map(str, row[2:])) for row in money_metrics.books(NOW).rows]


def test_charges_minus_refunds_minus_disputes_are_left() -> None:
    pay("100.00")
    pay("35.00", amount_due=Decimal("21.45"))  # the rest was paid from credit
    adjust("refund", "succeeded", "10.00")
    adjust("refund", "pending", "5.00")
    adjust("dispute", "lost", "20.00")
    adjust("dispute", "open", "1.00")
    adjust("dispute", "prevented", "2.00")
    assert books() == [("2026-03", "USD", "121.45", "15.00", "23.00", "83.45")]


def test_a_debt_from_before_is_charged_with_the_invoice() -> None:
    pay("35.00", amount_due=Decimal("40.00"))
    assert books() == [("2026-03", "USD", "40.00", "0.00", "0.00", "40.00")]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("refund", "failed"),
        ("refund", "canceled"),
        ("refund", "declined"),
        ("dispute", "won"),
        ("dispute", "inquiry"),
        ("dispute", "inquiry_closed"),
        ("dispute", "canceled"),
        ("credit", "succeeded"),
    ],
)
def test_what_took_no_money_is_not_subtracted(kind: str, status: str) -> None:
    pay("35.00")
    adjust(kind, status, "10.00")
    assert books() == [("2026-03", "USD", "35.00", "0.00", "0.00", "35.00")]


def test_each_month_and_currency_has_a_row() -> None:
    pay("35.00")
    pay("500", currency="JPY")
    pay("7.00", at=datetime(2026, 2, 28, 23, tzinfo=UTC))
    pay("9.00", at=datetime(2025, 3, 31, 23, tzinfo=UTC))  # before the twelve months
    pay("3.00", status="pending", at=MARCH, paid_at=None)
    adjust("refund", "succeeded", "7.00", at=datetime(2026, 3, 1, tzinfo=UTC))
    assert books() == [
        ("2026-02", "USD", "7.00", "0.00", "0.00", "7.00"),
        ("2026-03", "JPY", "500", "0", "0", "500"),
        ("2026-03", "USD", "35.00", "7.00", "0.00", "28.00"),
    ]


def test_inquiries_are_counted_apart_from_losses() -> None:
    for status in ("inquiry", "inquiry_closed", "inquiry_closed", "lost", "won"):
        adjust("dispute", status, "10.00")
    found = {row[0]: (row[2], str(row[3])) for row in money_metrics.disputes(NOW).rows}
    assert found == {
        "inquiry": (1, "10.00"),
        "inquiry closed": (2, "20.00"),
        "open": (0, "0.00"),
        "won": (1, "10.00"),
        "lost": (1, "10.00"),
        "prevented": (0, "0.00"),
    }


def test_the_tables_are_on_the_page_and_in_csv() -> None:
    pay("35.00")
    adjust("dispute", "inquiry", "35.00")
    client: Client = member("billing")[1]
    assert "Charges, refunds and disputes" in client.get("/admin/billing/subscription/metrics/").content.decode()
    response: Any = client.get("/admin/billing/subscription/metrics/disputes.csv")
    assert "inquiry,USD,1,35.00" in response.getvalue().decode()


def test_each_table_explains_itself() -> None:
    tables: list[Metric] = [money_metrics.books(NOW), money_metrics.disputes(NOW)]
    assert all(len(table.formula) > 40 and len(table.inputs) > 40 for table in tables)
