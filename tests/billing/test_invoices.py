"""Invoices, with the amount that is owed and since when."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from billing.models import BillingHistory, Subscription
from dev.factories import InvoiceFactory, SubscriptionFactory
from tests.billing.conftest import NOW
from users.models import User

URL = "/api/v1/billing/history/"


@pytest.mark.parametrize(
    ("status", "due", "is_overdue", "days"),
    [
        ("pending", timedelta(microseconds=-1), True, 0),
        ("pending", timedelta(0), False, 0),
        ("unpaid", timedelta(days=-1), True, 1),
        ("failed", timedelta(days=-3, hours=1), True, 2),
        ("failed", timedelta(days=2), False, 0),
        ("paid", timedelta(days=-9), False, 0),
        ("void", timedelta(days=-9), False, 0),
        ("draft", timedelta(days=-9), False, 0),
    ],
)
def test_an_owed_invoice_is_overdue_after_its_due_date(
    noon: Any, as_alice: APIClient, alice: User, status: str, due: timedelta, is_overdue: bool, days: int
) -> None:
    row = InvoiceFactory(user=alice, status=status, due_date=NOW + due, paid_at=NOW)
    [shown] = as_alice.get(URL).json()["results"]
    assert (row.is_overdue, row.days_overdue) == (shown["is_overdue"], shown["days_overdue"]) == (is_overdue, days)


def test_without_a_due_date_nothing_is_overdue(noon: Any, alice: User) -> None:
    assert InvoiceFactory(user=alice, due_date=None).is_overdue is False


def test_overdue_invoices_are_found(noon: Any, as_alice: APIClient, alice: User) -> None:
    late = InvoiceFactory(user=alice, due_date=NOW - timedelta(days=8))
    InvoiceFactory(user=alice, due_date=NOW + timedelta(days=8))
    found = as_alice.get(URL, {"is_overdue": "true", "days_overdue__gte": 7, "ordering": "due_date"}).json()["results"]
    assert [row["id"] for row in found] == [str(late.pk)]


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_invoices_are_read_only_in_the_api(method: str, as_alice: APIClient, alice: User) -> None:
    row = InvoiceFactory(user=alice)
    assert getattr(as_alice, method)(f"{URL}{row.pk}/", {"status": "paid"}).status_code == 405
    assert as_alice.post(URL, {"amount": "1.00"}).status_code == 405


def test_an_invoice_and_its_subscription_have_the_same_owner(alice: User, bob: User) -> None:
    mine, theirs = InvoiceFactory(user=alice), SubscriptionFactory(user=bob)
    with pytest.raises(IntegrityError, match="subscription_owner"), transaction.atomic():
        BillingHistory.objects.filter(pk=mine.pk).update(subscription=theirs)


def test_an_invoice_remains_without_its_subscription(alice: User) -> None:
    row = InvoiceFactory(user=alice)
    row.subscription.delete()
    row.refresh_from_db()
    assert row.subscription is None


def test_invoices_are_deleted_with_the_account(alice: User) -> None:
    InvoiceFactory(user=alice)
    alice.delete()
    assert (BillingHistory.objects.count(), Subscription.objects.count()) == (0, 0)
