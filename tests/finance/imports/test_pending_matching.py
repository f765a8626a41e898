"""Edge cases of the pure matching function behind review and superseding."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from finance.fingerprints import content_hash
from finance.pending_matching import MAX_CANDIDATES, ExistingTransaction, IncomingRow, MatchOutcome, RowMatch, match, texts_of

DAY = date(2026, 3, 10)
ONE, OTHER = UUID(int=1), UUID(int=2)


def row(number: int = 1, **fields: Any) -> IncomingRow:
    given = {"day": DAY, "amount": Decimal("-10.00"), "currency": "USD", "texts": frozenset({"bistro"}), "is_pending": False}
    return IncomingRow(number, **given | fields)


def entry(key: UUID = ONE, **fields: Any) -> ExistingTransaction:
    given = {"day": DAY, "amount": Decimal("-10.00"), "currency": "USD", "texts": frozenset({"bistro"})}
    return ExistingTransaction(key, **given | {"is_pending": True, "is_manual": False} | fields)


def test_texts_are_normalized_and_an_empty_text_counts() -> None:
    assert texts_of("Joe's  BAR", "") == {"joe s bar"}
    assert texts_of("Bar", "Joe") == {"bar", "joe"}
    assert texts_of("", "--") == {""}


@pytest.mark.parametrize("day", [date(2026, 3, 3), date(2026, 3, 17)])
def test_seven_days_are_near_enough(day: date) -> None:
    assert match([row(day=day)], [entry()]) == {1: RowMatch(MatchOutcome.SUPERSEDED, (ONE,))}


@pytest.mark.parametrize("day", [date(2026, 3, 2), date(2026, 3, 18)])
def test_eight_days_are_too_far(day: date) -> None:
    assert match([row(day=day)], [entry()]) == {}


@pytest.mark.parametrize("amount", ["-7.00", "-13.00"])
def test_thirty_percent_are_a_tip(amount: str) -> None:
    assert match([row(amount=Decimal(amount))], [entry()])[1].outcome is MatchOutcome.SUPERSEDED


@pytest.mark.parametrize("amount", ["-6.99", "-13.01", "10.00", "13.00"])
def test_a_larger_difference_or_another_sign_is_no_tip(amount: str) -> None:
    assert match([row(amount=Decimal(amount))], [entry()]) == {}


def test_a_pending_row_supersedes_nothing() -> None:
    assert match([row(is_pending=True)], [entry()]) == {}


def test_a_pending_row_can_match_a_manual_transaction() -> None:
    assert match([row(is_pending=True)], [entry(is_manual=True)]) == {1: RowMatch(MatchOutcome.DUPLICATE, (ONE,))}


def test_a_merchant_can_equal_the_other_description() -> None:
    assert match([row(texts=texts_of("BISTRO - CARD 12", "Bistro"))], [entry()])[1].outcome is MatchOutcome.SUPERSEDED


def test_a_superseded_transaction_is_no_candidate() -> None:
    findings = match([row(1), row(2), row(3, texts=frozenset({"other"}))], [entry()])
    assert findings == {1: RowMatch(MatchOutcome.SUPERSEDED, (ONE,))}


def test_a_superseded_manual_transaction_matches_no_other_row() -> None:
    assert match([row(1), row(2)], [entry(is_manual=True)]) == {1: RowMatch(MatchOutcome.SUPERSEDED, (ONE,))}


def test_two_pending_transactions_put_every_row_in_review() -> None:
    review = RowMatch(MatchOutcome.REVIEW, (ONE, OTHER), "pending_may_have_posted")
    assert match([row(1), row(2)], [entry(ONE), entry(OTHER)]) == {1: review, 2: review}


def test_a_review_names_ten_candidates_at_most() -> None:
    assert len(match([row()], [entry(uuid4()) for _ in range(50)])[1].candidates) == MAX_CANDIDATES


def test_the_content_hash_covers_date_amount_currency_and_text() -> None:
    given = {"day": DAY, "amount": Decimal("-10.00"), "currency": "USD", "text": "Joe's BAR"}
    same = content_hash(**given | {"text": "joe s bar"})
    others = [
        content_hash(**given | {"day": date(2026, 3, 11)}),
        content_hash(**given | {"amount": Decimal("10.00")}),
        content_hash(**given | {"currency": "EUR"}),
        content_hash(**given | {"text": "Joes bar"}),
    ]
    assert content_hash(**given) == same
    assert len({same, *others}) == 5
    assert same == UUID(same).hex
