"""One statement of a bank in OFX, CAMT.053, MT940, QIF and CSV is imported once, in whatever order the files come (rule 4)."""

from itertools import permutations
from typing import Any

import pytest

from dev.factories import AccountFactory
from finance.models import FinancialTransaction
from tests.finance.imports.conftest import Bring
from tests.finance.imports.five_formats import KINDS, NEW_COFFEE, STATEMENT, written_as
from users.models import User

ORDERS = [(first, " ".join(rest)) for first, *rest in permutations(KINDS)]


@pytest.fixture
def euros(alice: User) -> Any:
    return AccountFactory(user=alice, currency="EUR")


@pytest.mark.long(sample=2, per="first")
@pytest.mark.parametrize(("first", "rest"), ORDERS, ids=str)
def test_the_statement_is_imported_once_in_any_order(bring: Bring, euros: Any, first: str, rest: str) -> None:
    results = [bring(written_as(kind, STATEMENT), account=euros) for kind in (first, *rest.split())]
    counts = [(result.created, result.review, result.failed) for result in results]
    assert counts == [(len(STATEMENT), 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0)]
    assert FinancialTransaction.objects.on_account(euros).count() == len(STATEMENT)


@pytest.mark.parametrize(("before", "kind"), list(permutations(KINDS, 2)))
def test_one_new_coffee_is_one_question(bring: Bring, euros: Any, before: str, kind: str) -> None:
    bring(written_as(before, STATEMENT), account=euros)
    result = bring(written_as(kind, (*STATEMENT, NEW_COFFEE)), account=euros)
    assert (result.created, result.review_reasons, result.duplicates) == (0, {"possible_duplicate": 1}, len(STATEMENT))


@pytest.mark.parametrize("last", KINDS)
def test_after_all_formats_one_new_coffee_is_still_one_question(bring: Bring, euros: Any, last: str) -> None:
    for kind in KINDS:
        if kind != last:
            bring(written_as(kind, STATEMENT), account=euros)
    result = bring(written_as(last, (*STATEMENT, NEW_COFFEE)), account=euros)
    assert (result.created, result.review, result.duplicates) == (0, 1, len(STATEMENT))


@pytest.mark.parametrize("kind", KINDS)
def test_in_its_own_format_the_new_coffee_is_new(bring: Bring, euros: Any, kind: str) -> None:
    bring(written_as(kind, STATEMENT), account=euros)
    result = bring(written_as(kind, (*STATEMENT, NEW_COFFEE)), account=euros)
    assert (result.created, result.review, result.duplicates) == (1, 0, len(STATEMENT))


def test_after_the_question_all_formats_know_the_coffee(bring: Bring, euros: Any) -> None:
    bring(written_as("ofx", STATEMENT), account=euros)
    files = [written_as(kind, (*STATEMENT, NEW_COFFEE)) for kind in KINDS[1:]]
    results = [bring(file, account=euros) for file in files]
    assert [(result.created, result.review) for result in results] == [(0, 1), (0, 0), (0, 0), (0, 0)]
