"""Changes of split transactions and of refunds in the back office."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from dev.factories import TransactionFactory
from finance.models import FinancialTransaction, RefundShare, TransactionSplit
from finance.services.divisions import store_divisions
from tests.admin.test_finance import TRANSACTIONS, form
from users.models import User

pytestmark = pytest.mark.django_db


def change(office: Client, row: Any, **fields: Any) -> Any:
    response = office.post(f"{TRANSACTIONS}{row.pk}/change/", form(**fields))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    return response


@pytest.fixture
def shopping(alice: User) -> FinancialTransaction:
    row = TransactionFactory.build(user=alice, financial_profile=None, amount=Decimal("-5.00"), currency="USD", category="")
    row.splits = [{"amount": Decimal("-2.00")}, {"amount": Decimal("-3.00")}]
    row.save()
    store_divisions([row], are_new=True)
    return row


@pytest.fixture
def refund(alice: User) -> FinancialTransaction:
    owned = {"user": alice, "financial_profile": None, "currency": "USD"}
    expense = TransactionFactory(**owned, transaction_type="expense", amount="-9.00")
    row = TransactionFactory.build(**owned, transaction_type="refund", amount=Decimal("5.00"), category="")
    row.refund_of = [expense.pk]
    row.save()
    store_divisions([row], are_new=True)
    return row


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"amount": "-6.00"}, "The parts add up to -5.00, the transaction is -6.00."),
        ({"transaction_type": "transfer"}, "A transfer has no parts."),
        ({"category": "Food"}, "This transaction is split."),
    ],
    ids=str,
)
def test_a_change_that_does_not_fit_the_parts_is_refused(
    office: Client, shopping: FinancialTransaction, fields: Any, message: str
) -> None:
    response = change(office, shopping, **fields)
    assert (response.status_code, message in response.content.decode()) == (200, True)


def test_a_refund_of_another_type_is_refused(office: Client, refund: FinancialTransaction) -> None:
    response = change(office, refund, transaction_type="expense")
    assert "Only money that comes in" in response.content.decode()


def test_another_currency_is_that_of_the_parts(office: Client, shopping: FinancialTransaction) -> None:
    assert change(office, shopping, currency="EUR").status_code == 302
    assert set(TransactionSplit.objects.values_list("currency", flat=True)) == {"EUR"}


def test_a_smaller_refund_gives_back_less(office: Client, refund: FinancialTransaction) -> None:
    assert change(office, refund, transaction_type="refund", amount="2.00").status_code == 302
    assert RefundShare.objects.get().amount == Decimal("2.00")


def test_a_refund_of_more_than_was_spent_is_refused(office: Client, refund: FinancialTransaction) -> None:
    response = change(office, refund, transaction_type="refund", amount="20.00")
    page = office.get(response["Location"]).content.decode()
    assert "20.00 would be refunded" in page
    assert RefundShare.objects.get().amount == Decimal("5.00")
