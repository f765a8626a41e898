"""An import sets the balance with its day and source, marks an overpaid card, and its undo restores all of it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from dev.factories import AccountFactory
from finance.models import EncryptedFinancialProfile
from finance.services.balances import COLUMNS
from tests.finance.imports.conftest import Bring, Undo
from tests.finance.imports.statement_files import Line, csv_file, ofx_of
from users.models import User

MARCH = ofx_of(Line(id="P1"), balance="95.00")  # of 2 March, with the balance of 31 March
APRIL = ofx_of(Line(id="P2", day=date(2026, 4, 2)), balance="90.00")
OVERPAID = csv_file("2026-01-13,-54.20,Grocer,-54.20", "2026-01-14,100.00,Payment,45.80", header="Date,Amount,Text,Balance")
NONE = (None, None, "", False)
ENTERED = (Decimal("7.00"), date(2026, 3, 1), "user", False)


def balance_of(account: EncryptedFinancialProfile) -> tuple[Any, ...]:
    account.refresh_from_db()
    return tuple(getattr(account, name) for name in COLUMNS)


def enter(account: EncryptedFinancialProfile, values: tuple[Any, ...] = ENTERED) -> None:
    EncryptedFinancialProfile.objects.filter(pk=account.pk).update(**dict(zip(COLUMNS, values, strict=True)))


def test_the_day_is_that_of_the_stated_balance(bring: Bring, account: EncryptedFinancialProfile) -> None:
    bring(MARCH)
    assert balance_of(account) == (Decimal("95.00"), date(2026, 3, 31), "import", False)


def test_without_a_stated_day_it_is_that_of_the_last_row(bring: Bring, account: EncryptedFinancialProfile) -> None:
    bring(csv_file("2026-03-02,-5.00,Tea,95.00", "2026-03-04,-5.00,Tea,90.00", header="Date,Amount,Description,Balance"))
    assert balance_of(account) == (Decimal("90.00"), date(2026, 3, 4), "import", False)


def test_it_is_at_least_that_of_the_last_row(bring: Bring, account: EncryptedFinancialProfile) -> None:
    bring(ofx_of(Line(id="P2", day=date(2026, 4, 2)), balance="90.00"))
    assert balance_of(account)[1] == date(2026, 4, 2)


def test_a_stated_day_in_the_future_becomes_today(bring: Bring, account: EncryptedFinancialProfile) -> None:
    bring(MARCH, now=datetime(2026, 3, 20, 12, tzinfo=UTC))
    assert balance_of(account)[1] == date(2026, 3, 20)


@pytest.mark.parametrize("day", [date(2026, 3, 31), date(2026, 3, 1)], ids=["same", "earlier"])
def test_a_balance_that_is_not_newer_is_replaced(bring: Bring, account: EncryptedFinancialProfile, day: date) -> None:
    enter(account, (Decimal("7.00"), day, "user", False))
    assert bring(MARCH).balance_set is True
    assert balance_of(account) == (Decimal("95.00"), date(2026, 3, 31), "import", False)


def test_the_newer_balance_of_the_user_stays(bring: Bring, account: EncryptedFinancialProfile) -> None:
    newer = (Decimal("7.00"), date(2026, 4, 1), "user", False)
    enter(account, newer)
    assert bring(MARCH).balance_reason == "newer_balance"
    assert balance_of(account) == newer


@pytest.mark.parametrize("before", [NONE, ENTERED], ids=["none", "entered"])
def test_undo_restores_the_former_balance(
    bring: Bring, undo: Undo, account: EncryptedFinancialProfile, before: tuple[Any, ...]
) -> None:
    enter(account, before)
    undo(bring(MARCH))
    assert balance_of(account) == before


@pytest.mark.parametrize(
    "now",
    [
        (Decimal("7.00"), date(2026, 3, 31), "import", False),
        (Decimal("95.00"), date(2026, 4, 1), "import", False),
        (Decimal("95.00"), date(2026, 3, 31), "user", False),
    ],
    ids=["amount", "day", "source"],
)
def test_a_balance_that_was_changed_since_stays(
    bring: Bring, undo: Undo, account: EncryptedFinancialProfile, now: tuple[Any, ...]
) -> None:
    result = bring(MARCH)
    enter(account, now)
    undo(result)
    assert balance_of(account) == now


@pytest.mark.parametrize("is_oldest_first", [True, False])
def test_two_imports_are_undone_in_any_order(
    bring: Bring, undo: Undo, account: EncryptedFinancialProfile, is_oldest_first: bool
) -> None:
    enter(account)
    results = [bring(MARCH), bring(APRIL)]
    for result in results if is_oldest_first else reversed(results):
        undo(result)
    assert balance_of(account) == ENTERED


def test_an_import_of_the_same_balance_between_them_does_not_matter(
    bring: Bring, undo: Undo, account: EncryptedFinancialProfile
) -> None:
    enter(account)
    first, _, last = bring(MARCH), bring(MARCH), bring(APRIL)
    undo(first)
    undo(last)
    assert balance_of(account) == ENTERED


def test_the_second_of_two_imports_keeps_its_balance(bring: Bring, undo: Undo, account: EncryptedFinancialProfile) -> None:
    first = bring(MARCH)
    bring(APRIL)
    undo(first)
    assert balance_of(account) == (Decimal("90.00"), date(2026, 4, 2), "import", False)


@pytest.mark.parametrize("profile_type", ["credit", "loan", "mortgage"])
def test_a_proved_balance_above_0_is_overpaid(bring: Bring, undo: Undo, alice: User, profile_type: str) -> None:
    account: Any = AccountFactory(user=alice, profile_type=profile_type)
    result = bring(OVERPAID, account=account)
    assert balance_of(account) == (Decimal("45.80"), date(2026, 1, 14), "import", True)
    undo(result)
    assert balance_of(account) == NONE


def test_a_later_debt_is_no_longer_overpaid(bring: Bring, undo: Undo, alice: User) -> None:
    account: Any = AccountFactory(user=alice, profile_type="credit")
    bring(OVERPAID, account=account)
    result = bring(ofx_of(Line(id="P1"), balance="-54.20"), account=account)
    assert balance_of(account) == (Decimal("-54.20"), date(2026, 3, 31), "import", False)
    undo(result)
    assert balance_of(account) == (Decimal("45.80"), date(2026, 1, 14), "import", True)


@pytest.mark.parametrize(("before", "after"), [("credit", "checking"), ("checking", "credit")])
def test_undo_fits_a_type_that_was_changed_since(bring: Bring, undo: Undo, alice: User, before: str, after: str) -> None:
    account: Any = AccountFactory(user=alice, profile_type=before)
    enter(account, (Decimal("25.00"), date(2026, 3, 1), "user", before == "credit"))
    result = bring(ofx_of(Line(id="P1"), balance="-54.20"), account=account)
    EncryptedFinancialProfile.objects.filter(pk=account.pk).update(profile_type=after)
    undo(result)
    assert balance_of(account) == (Decimal("25.00"), date(2026, 3, 1), "user", after == "credit")


@pytest.mark.parametrize("profile_type", ["credit", "loan", "mortgage"])
@pytest.mark.parametrize(
    ("content", "options"),
    [
        (ofx_of(Line(id="P1"), balance="54.20"), {}),
        (csv_file("2026-01-13,-54.20,Grocer,54.20", header="Date,Amount,Description,Balance"), {}),
        (ofx_of(Line(id="P1")), {"closing_balance": Decimal("54.20")}),
    ],
    ids=["closing-only", "one-row", "sent"],
)
def test_a_balance_above_0_that_nothing_proves_is_not_set(
    bring: Bring, alice: User, profile_type: str, content: bytes, options: dict[str, Decimal]
) -> None:
    account: Any = AccountFactory(user=alice, profile_type=profile_type)
    result = bring(content, account=account, **options)
    assert (result.balance_set, result.balance_reason) == (False, "sign_unknown")
    assert [warning.code for warning in result.warnings] == ["balance_sign_unknown"]
    assert balance_of(account) == NONE


@pytest.mark.parametrize(
    ("options", "balance"),
    [
        ({"closing_balance": Decimal("-54.20")}, "-54.20"),
        ({"closing_balance": Decimal("54.20")}, "54.20"),
        ({"opening_balance": Decimal("-49.20")}, "-54.20"),
        ({"opening_balance": Decimal("59.20")}, "54.20"),
    ],
    ids=["owed", "in-credit", "from-owed", "from-in-credit"],
)
def test_a_sent_balance_proves_the_sign(bring: Bring, alice: User, options: dict[str, Decimal], balance: str) -> None:
    account: Any = AccountFactory(user=alice, profile_type="credit")
    bring(ofx_of(Line(id="P1"), balance="54.20"), account=account, **options)
    assert balance_of(account) == (Decimal(balance), date(2026, 3, 31), "import", not balance.startswith("-"))


def test_a_gap_of_a_loan_is_named_before_its_sign(bring: Bring, alice: User) -> None:
    account: Any = AccountFactory(user=alice, profile_type="loan")
    result = bring(ofx_of(Line(id="P1"), balance="54.20"), account=account, opening_balance=Decimal("10.00"))
    assert (result.balance_set, result.balance_reason) == (False, "gap")


def test_no_debt_of_a_loan_is_a_balance(bring: Bring, alice: User) -> None:
    account: Any = AccountFactory(user=alice, profile_type="loan")
    bring(ofx_of(Line(id="P1"), balance="0.00"), account=account)
    assert balance_of(account) == (Decimal("0.00"), date(2026, 3, 31), "import", False)
