"""Pagination by cursor, without missing or repeated rows."""

from datetime import date, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from dev.factories import TransactionFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from users.models import User

URL = "/api/v1/finance/transactions/"


def insert(user: User, account: EncryptedFinancialProfile, count: int, day: date) -> None:
    rows = TransactionFactory.build_batch(count, user=user, financial_profile=account, transaction_date=day)
    FinancialTransaction.objects.bulk_create(rows)


def read_all(client: APIClient, url: str, between: Any = None) -> list[dict[str, Any]]:
    """Return the rows of all pages, and call `between` after each page."""
    rows: list[dict[str, Any]] = []
    link: str | None = url
    while link:
        page = client.get(link).json()
        rows += page["results"]
        link = page["next"]
        between() if between else None
    return rows


def test_each_row_is_read_once_while_others_are_inserted(
    alice: User, account: EncryptedFinancialProfile, as_alice: APIClient
) -> None:
    for offset in range(20):
        insert(alice, account, 50, date(2026, 1, 1) + timedelta(days=offset % 7))
    known = {str(key) for key in FinancialTransaction.objects.values_list("pk", flat=True)}
    read = [row["id"] for row in read_all(as_alice, URL, lambda: insert(alice, account, 3, date(2026, 1, 4)))]
    assert len(known) == 1000
    assert known <= set(read)
    assert len(read) == len(set(read))


@pytest.mark.parametrize(
    "ordering", ["transaction_date", "-transaction_date", "amount", "-amount", "posted_date", "-posted_date"]
)
def test_every_ordering_is_total_and_reversible(
    ordering: str, alice: User, account: EncryptedFinancialProfile, as_alice: APIClient
) -> None:
    insert(alice, account, 12, date(2026, 1, 1))
    FinancialTransaction.objects.filter(amount__lt=-1).update(posted_date=date(2026, 1, 2))
    TransactionFactory(user=alice, financial_profile=account, posted_date=None)
    first = as_alice.get(URL, {"ordering": ordering, "limit": 5}).json()
    second = as_alice.get(first["next"]).json()
    third = as_alice.get(second["next"]).json()
    back = as_alice.get(third["previous"]).json()
    ids = [row["id"] for page in (first, second, third) for row in page["results"]]
    assert len(set(ids)) == len(ids) == 13
    assert third["next"] is None
    assert back["results"] == second["results"]
    assert as_alice.get(back["previous"]).json()["results"] == first["results"]
    assert as_alice.get(back["next"]).json()["results"] == third["results"]


def test_an_empty_list_has_no_next_and_no_previous(as_alice: APIClient) -> None:
    assert as_alice.get(URL).json() == {"next": None, "previous": None, "results": []}


@pytest.mark.parametrize("limit", ["0", "201", "1e9", "-1", "", "ten", "٣", "99999999999999999999"])
def test_a_limit_outside_of_1_to_200_is_refused(limit: str, as_alice: APIClient) -> None:
    response = as_alice.get(URL, {"limit": limit})
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "limit"


BROKEN = [
    "x",
    "%00",
    "bnVsbA",
    "W10",
    "WyItdHJhbnNhY3Rpb25fZGF0ZSIsZmFsc2UsW251bGwsbnVsbF1d",  # the right ordering, but null in columns that are not nullable
    "WyItdHJhbnNhY3Rpb25fZGF0ZSIsZmFsc2UsWyJ4IiwieSJdXQ",  # not a date, not a key
    "WyJhbW91bnQiLGZhbHNlLFsiMSIsIjAxOTdhMWMwLTdiMWUtN2MzYS05ZDU1LTFmMGU2YTJiNGM4ZCJdXQ",  # another ordering
    "é",
]


@pytest.mark.parametrize("cursor", BROKEN)
def test_a_broken_cursor_is_refused(cursor: str, as_alice: APIClient) -> None:
    response = as_alice.get(URL, {"cursor": cursor})
    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "invalid_cursor"


def test_an_undeclared_ordering_is_refused(as_alice: APIClient) -> None:
    response = as_alice.get(URL, {"ordering": "user__password"})
    assert response.status_code == 400
    assert "transaction_date" in response.json()["errors"][0]["detail"]
