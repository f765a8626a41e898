"""Changes of reconciled transactions end their reconciliation, and the response warns."""

from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from dev.factories import AccountFactory
from finance.models import FinancialTransaction
from tests.finance.reconciliation.conftest import ACCOUNTS, DAY, Reconcile, marked

pytestmark = pytest.mark.django_db

TRANSACTIONS = "/api/v1/finance/transactions/"


@pytest.fixture
def confirmed(entry: Any, reconcile: Reconcile) -> FinancialTransaction:
    row: FinancialTransaction = entry("-7.00")
    reconcile("93.00")
    return row


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "-7.01"},
        {"transaction_date": "2026-03-11"},
        {"status": "failed"},
        {"currency": "EUR"},
        {"financial_profile": None},
    ],
)
@pytest.mark.parametrize("method", ["patch", "bulk"])
def test_a_change_of_what_was_confirmed_warns(change: Any, method: str, confirmed: Any, as_alice: APIClient) -> None:
    if method == "patch":
        body = as_alice.patch(f"{TRANSACTIONS}{confirmed.pk}/", change).json()
        assert body["reconciled_date"] is None
    else:
        body = as_alice.post(f"{TRANSACTIONS}bulk/", {"update": [{"id": str(confirmed.pk), **change}]}).json()
    assert [warning["code"] for warning in body["warnings"]] == ["reconciled"]
    assert marked() == set()


@pytest.mark.parametrize("change", [{"note": "lunch"}, {"category": "dining"}, {"amount": "-7.00"}, {"status": "disputed"}])
def test_another_change_does_not_warn(change: Any, confirmed: Any, as_alice: APIClient) -> None:
    body = as_alice.patch(f"{TRANSACTIONS}{confirmed.pk}/", change).json()
    assert (body["reconciled_date"], bool(body["warnings"]), marked()) == (DAY, False, {confirmed.pk})
    bulk = as_alice.post(f"{TRANSACTIONS}bulk/", {"update": [{"id": str(confirmed.pk), **change}]}).json()
    assert bulk["warnings"] == []


def test_a_deletion_by_bulk_warns(confirmed: Any, entry: Any, as_alice: APIClient) -> None:
    keys = [str(confirmed.pk), str(entry("-1.00").pk)]
    body = as_alice.post(f"{TRANSACTIONS}bulk/", {"delete": keys}).json()
    assert body["warnings"][0]["message"].startswith("1 of the transactions")


def test_an_undo_restores_the_mark(confirmed: Any, as_alice: APIClient) -> None:
    bulk = {"update": [{"id": str(confirmed.pk), "amount": "-8.00"}]}
    token = as_alice.post(f"{TRANSACTIONS}bulk/", bulk).json()["undo_token"]
    assert as_alice.post(f"{TRANSACTIONS}bulk/undo/", {"undo_token": token}).json()["restored"] == 1
    assert marked() == {confirmed.pk}


def test_raw_sql_ends_it_too(confirmed: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE finance_financialtransaction SET note = 'x'")
        assert marked() == {confirmed.pk}
        cursor.execute("UPDATE finance_financialtransaction SET amount = -8.00")
    assert marked() == set()


def test_the_mark_is_read_only(entry: Any, as_alice: APIClient) -> None:
    row = entry("-7.00")
    assert as_alice.patch(f"{TRANSACTIONS}{row.pk}/", {"reconciled_date": DAY}).json()["reconciled_date"] is None


def test_marks_are_found(confirmed: Any, entry: Any, as_alice: APIClient) -> None:
    other = entry("-1.00")
    queries: dict[str, Any] = {
        "search=is:reconciled": confirmed,
        "search=-is:reconciled": other,
        "search=reconciled:2026-03": confirmed,
        "reconciled_date__isnull=true": other,
        f"reconciled_date={DAY}": confirmed,
    }
    for query, row in queries.items():
        found = as_alice.get(f"{TRANSACTIONS}?{query}").json()["results"]
        assert [each["id"] for each in found] == [str(row.pk)], query


def test_another_currency_of_the_account_ends_its_reconciliation(confirmed: Any, as_alice: APIClient) -> None:
    body = as_alice.patch(f"{ACCOUNTS}{confirmed.financial_profile_id}/", {"currency": "JPY", "account_balance": "93"}).json()
    assert (body["opening_balance"], body["reconciled_date"]) == (None, None)


def test_an_account_that_was_never_reconciled_has_no_opening_balance(alice: Any, as_alice: APIClient) -> None:
    body = as_alice.get(f"{ACCOUNTS}{AccountFactory(user=alice).pk}/").json()
    assert (body["opening_balance"], body["reconciled_date"]) == (None, None)


def test_a_row_restored_without_its_account_is_not_reconciled(confirmed: Any, account: Any, as_alice: APIClient) -> None:
    url = f"{TRANSACTIONS}{confirmed.pk}/"
    as_alice.delete(url)
    assert as_alice.post(f"{url}restore/").json()["reconciled_date"] == DAY
    as_alice.delete(url)
    assert as_alice.delete(f"{ACCOUNTS}{account.pk}/").status_code == 204
    body = as_alice.post(f"{url}restore/").json()
    assert (body["financial_profile"], body["reconciled_date"]) == (None, None)
