"""The search for the few rows that add up to a difference."""

import time
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.balance_explanations import MAX_CANDIDATES, MAX_EXPLANATIONS, Candidate, Reason, explanations
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from tests.finance.reconciliation.conftest import Reconcile

DAY = date(2026, 3, 31)
GROUPED = (Reason.PENDING, Reason.BOOKED_LATER)


def candidate(number: int, cents: int, reason: Reason = Reason.RECENT) -> Candidate:
    amount = Decimal(cents) / 100
    return Candidate(reason, UUID(int=number), DAY, amount, "", -amount)


def keys(found: list[tuple[Candidate, ...]]) -> set[frozenset[int]]:
    return {frozenset(each.key.int for each in rows) for rows in found}


@given(st.lists(st.integers(-5, 5).filter(bool), max_size=7), st.integers(-12, 12).filter(bool))
def test_the_smallest_sets_are_found(amounts: list[int], wanted: int) -> None:
    rows = [candidate(number, cents) for number, cents in enumerate(amounts)]
    fitting = [
        [chosen for chosen in combinations(rows, size) if sum(each.effect for each in chosen) == Decimal(wanted) / 100]
        for size in (1, 2, 3)
    ]
    smallest = next((sets for sets in fitting if sets), [])
    found = explanations(Decimal(wanted) / 100, rows)
    assert keys(found) <= keys(smallest)
    assert len(found) == len(keys(found)) == min(len(smallest), MAX_EXPLANATIONS)


def test_a_row_with_two_reasons_has_the_likelier_one() -> None:
    rows = [candidate(1, 700, Reason.RECENT), candidate(1, 700, Reason.PENDING)]
    assert [[each.reason for each in rows] for rows in explanations(Decimal(-7), rows)] == [[Reason.PENDING]]


def test_all_rows_that_are_not_booked_are_one_set() -> None:
    rows = [candidate(number, 100 + number, GROUPED[number % 2]) for number in range(8)]
    assert explanations(-sum((row.amount for row in rows), Decimal(0)), rows) == [
        tuple(sorted(rows, key=lambda row: (GROUPED.index(row.reason), row.key)))
    ]


def test_the_search_is_bounded() -> None:
    rows = [candidate(number, 10_000_019 * number % 9_999_991 * 2) for number in range(1, 4 * MAX_CANDIDATES)]
    begin = time.perf_counter()
    assert explanations(Decimal("0.01"), rows) == []
    assert time.perf_counter() - begin < 2


@pytest.mark.django_db
def test_many_new_rows_are_compared_quickly(account: EncryptedFinancialProfile, reconcile: Reconcile) -> None:
    """Also without statistics, as after an import: each row is compared with those of its amount, and not with all."""
    values: dict[str, Any] = {"user_id": account.user_id, "financial_profile": account, "currency": "USD"}
    FinancialTransaction.objects.bulk_create(
        FinancialTransaction(
            **values,
            amount=-Decimal(number),
            transaction_type="expense",
            status="completed",
            transaction_date=DAY - timedelta(days=number % 60),
            description=f"Shop {number}",
        )
        for number in range(1, 3_001)
    )
    started = time.perf_counter()
    assert reconcile("0.01")["explanations"] == []
    assert time.perf_counter() - started < 3
