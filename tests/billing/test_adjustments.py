"""A customer's refunds, credits and disputes in the API."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from billing.models import Adjustment
from dev.factories import AdjustmentFactory, InvoiceFactory, UserFactory
from users.models import User

pytestmark = pytest.mark.django_db
URL = "/api/v1/billing/adjustments/"
MARCH = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
SHOWN = {
    "id",
    "invoice",
    "kind",
    "amount",
    "currency",
    "status",
    "happened_at",
    "explanation",
    "expected_by",
    "created_at",
    "updated_at",
}


@pytest.fixture
def refund(alice: User) -> Adjustment:
    """Return a refund that two staff members decided for an internal reason."""
    people = {"requested_by": UserFactory.create(is_staff=True), "approved_by": UserFactory.create(is_staff=True)}
    invoice = InvoiceFactory(user=alice)
    return AdjustmentFactory(user=alice, invoice=invoice, reason="Ticket 4711: rude", happened_at=MARCH, **people)


def listed(client: APIClient, **parameters: object) -> list[dict[str, Any]]:
    response = client.get(URL, parameters)
    assert response.status_code == 200, response.json()
    return response.json()["results"]


def test_a_customer_sees_a_refund(as_alice: APIClient, refund: Adjustment) -> None:
    [shown] = listed(as_alice)
    assert as_alice.get(f"{URL}{refund.pk}/").json() == shown
    assert (shown["kind"], shown["amount"], shown["currency"], shown["status"]) == ("refund", "20.00", "USD", "succeeded")
    assert (shown["invoice"], shown["happened_at"]) == (str(refund.invoice_id), "2026-03-04T09:30:00Z")
    assert shown["expected_by"] == "2026-03-18T09:30:00Z"
    assert shown["explanation"] == "A payment is refunded to the card or account that you paid with."


def test_staff_their_reason_and_stripes_keys_are_not_shown(as_alice: APIClient, refund: Adjustment) -> None:
    assert set(listed(as_alice)[0]) == SHOWN
    assert "4711" not in as_alice.get(f"{URL}{refund.pk}/").content.decode()


def test_another_customers_refund_does_not_exist(as_alice: APIClient, refund: Adjustment) -> None:
    theirs = AdjustmentFactory(user=UserFactory.create())
    assert [row["id"] for row in listed(as_alice)] == [str(refund.pk)]
    assert as_alice.get(f"{URL}{theirs.pk}/").status_code == 404


@pytest.mark.parametrize("status", ["awaiting_approval", "declined"])
def test_a_refund_that_was_not_approved_is_not_shown(as_alice: APIClient, refund: Adjustment, status: str) -> None:
    Adjustment.objects.update(status=status)
    assert listed(as_alice) == []
    assert as_alice.get(f"{URL}{refund.pk}/").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_adjustments_are_read_only(as_alice: APIClient, refund: Adjustment, method: str) -> None:
    assert getattr(as_alice, method)(f"{URL}{refund.pk}/", {"amount": "99.00"}).status_code == 405
    assert as_alice.post(URL, {"amount": "1.00"}).status_code == 405


@pytest.mark.parametrize(
    ("facts", "explanation", "is_expected"),
    [
        ({"status": "pending"}, "A payment is refunded to", True),
        ({"status": "failed"}, "The bank returned the refund. Contact support", False),
        ({"status": "canceled"}, "The refund was canceled.", False),
        ({"rule": "double_purchase"}, "You bought a plan twice.", True),
        ({"rule": "withdrawal"}, "You withdrew within 14 days.", True),
        ({"rule": "paid_after_end"}, "You paid for a subscription that had ended before.", True),
        ({"rule": "void_invoice"}, "You paid a part of an invoice that was canceled afterwards.", True),
        ({"rule": "withdrawal", "status": "failed"}, "The bank returned the refund.", False),
        ({"kind": "dispute", "status": "open"}, "You disputed the payment, and your bank has not decided", False),
        ({"kind": "dispute", "status": "won"}, "Your bank decided that the payment stands.", False),
        ({"kind": "dispute", "status": "lost"}, "Your bank decided to return the payment", False),
        ({"kind": "dispute", "status": "prevented"}, "The card network returned the payment", False),
        ({"kind": "dispute", "status": "inquiry"}, "Your bank asked about the payment.", False),
        ({"kind": "dispute", "status": "inquiry_closed"}, "The question about the payment is closed.", False),
        ({"kind": "credit"}, "A credit for your next invoices.", False),
        ({"kind": "credit", "amount": Decimal("-7.00")}, "An invoice used credit, or the next invoice collects", False),
    ],
)
def test_each_adjustment_is_explained(
    as_alice: APIClient, alice: User, facts: dict[str, Any], explanation: str, is_expected: bool
) -> None:
    AdjustmentFactory(user=alice, happened_at=MARCH, **facts)
    [shown] = listed(as_alice)
    assert shown["explanation"].startswith(explanation)
    assert (shown["expected_by"] is not None) is is_expected


def test_adjustments_are_filtered_and_ordered(as_alice: APIClient, alice: User, refund: Adjustment) -> None:
    late = AdjustmentFactory(user=alice, kind="dispute", status="lost", happened_at=MARCH + timedelta(days=3))
    credit = AdjustmentFactory(user=alice, kind="credit", amount=Decimal("-7.00"), happened_at=MARCH - timedelta(days=3))
    keys = {str(refund.pk): "refund", str(late.pk): "dispute", str(credit.pk): "credit"}

    def found(**parameters: object) -> list[str]:
        return [keys[row["id"]] for row in listed(as_alice, **parameters)]

    assert found() == ["dispute", "refund", "credit"]
    assert found(ordering="amount") == ["credit", "refund", "dispute"]
    assert found(kind__in="refund,credit", ordering="happened_at") == ["credit", "refund"]
    assert found(status="lost") == ["dispute"]
    assert found(invoice=refund.invoice_id) == found(expected_by__isnull="false") == ["refund"]
    assert found(invoice__isnull="true", happened_at__gte=MARCH.isoformat()) == ["dispute"]
    assert found(amount__lte="0") == ["credit"]


def test_an_unknown_filter_is_refused(as_alice: APIClient) -> None:
    response = as_alice.get(URL, {"requested_by": "x"})
    assert response.status_code == 400
    assert "kind" in response.json()["errors"][0]["detail"]
