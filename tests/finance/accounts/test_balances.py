"""A balance that is sent gets its day and source; the balance of a debt is below 0, or marked as overpaid."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from core import clock
from dev.factories import AccountFactory, ProfileFactory
from finance.models import EncryptedFinancialProfile
from users.models import User

URL = "/api/v1/finance/accounts/"
SHOWN = ("account_balance", "balance_date", "balance_source", "overpaid", "amount_owed")
Values = dict[str, Any]

NONE = (None, None, "", False, None)
SAVED = {"profile_type": "checking", "account_balance": "100.00", "balance_date": "2026-02-28"}
OWED = {"profile_type": "credit", "account_balance": "-54.20", "balance_date": "2026-02-28"}
PAID_BACK = {"profile_type": "credit", "account_balance": "25.00", "balance_date": "2026-02-28", "overpaid": True}
UNKNOWN = {"profile_type": "loan"}


@pytest.fixture(autouse=True)
def _march() -> Any:
    with time_machine.travel("2026-03-10 12:00Z", tick=False):
        yield


def stored(alice: User, before: Values, source: str = "import") -> str:
    """Create an account whose balance is that of an import, and return its URL."""
    source = source if "account_balance" in before else ""
    account: EncryptedFinancialProfile = AccountFactory(user=alice, balance_source=source, **before)
    return f"{URL}{account.pk}/"


def shown(response: Any) -> tuple[Any, ...]:
    assert response.status_code in (200, 201), response.json()
    return tuple(response.json()[name] for name in SHOWN)


def error_of(response: Any) -> tuple[int, str, str]:
    [error] = response.json()["errors"]
    return response.status_code, error["attr"], error["code"]


CREATED: list[tuple[Values, tuple[Any, ...]]] = [
    ({"profile_type": "checking"}, NONE),
    ({"profile_type": "checking", "account_balance": "100.00"}, ("100.00", "2026-03-10", "user", False, None)),
    ({"profile_type": "checking", "account_balance": "-100.00"}, ("-100.00", "2026-03-10", "user", False, None)),
    ({"profile_type": "checking", "account_balance": "0"}, ("0.00", "2026-03-10", "user", False, None)),
    (SAVED, ("100.00", "2026-02-28", "user", False, None)),
    (SAVED | {"balance_date": None}, ("100.00", "2026-03-10", "user", False, None)),
    ({"profile_type": "credit", "account_balance": "-54.20"}, ("-54.20", "2026-03-10", "user", False, "54.20")),
    ({"profile_type": "loan", "amount_owed": "54.20"}, ("-54.20", "2026-03-10", "user", False, "54.20")),
    ({"profile_type": "mortgage", "amount_owed": "0"}, ("0.00", "2026-03-10", "user", False, "0.00")),
    ({"profile_type": "loan", "amount_owed": None}, NONE),
    ({"profile_type": "checking", "amount_owed": None}, NONE),
    (OWED | {"amount_owed": "54.2"}, ("-54.20", "2026-02-28", "user", False, "54.20")),
    (PAID_BACK, ("25.00", "2026-02-28", "user", True, "0.00")),
    (PAID_BACK | {"amount_owed": "0.00"}, ("25.00", "2026-02-28", "user", True, "0.00")),
]


@pytest.mark.parametrize(("sent", "expected"), CREATED, ids=lambda value: str(value) if isinstance(value, dict) else "")
def test_a_new_account_shows_its_balance(as_alice: APIClient, sent: Values, expected: tuple[Any, ...]) -> None:
    assert shown(as_alice.post(URL, {"profile_name": "One"} | sent)) == expected


CHANGED: list[tuple[Values, Values, tuple[Any, ...]]] = [
    (SAVED, {"profile_name": "Two"}, ("100.00", "2026-02-28", "import", False, None)),
    (SAVED, {"account_balance": "90.00"}, ("90.00", "2026-03-10", "user", False, None)),
    (SAVED, {"account_balance": "100.00"}, ("100.00", "2026-03-10", "user", False, None)),
    (SAVED, {"account_balance": "100.00", "balance_date": "2026-02-28"}, ("100.00", "2026-02-28", "import", False, None)),
    (SAVED, {"balance_date": "2026-03-01"}, ("100.00", "2026-03-01", "user", False, None)),
    (SAVED, {"balance_source": "user"}, ("100.00", "2026-02-28", "import", False, None)),
    (SAVED, {"account_balance": None}, NONE),
    (SAVED, {"account_balance": None, "balance_date": None}, NONE),
    (SAVED, {"profile_type": "credit", "account_balance": "-100.00"}, ("-100.00", "2026-03-10", "user", False, "100.00")),
    (SAVED, {"profile_type": "credit", "amount_owed": "100.00"}, ("-100.00", "2026-03-10", "user", False, "100.00")),
    (SAVED, {"profile_type": "credit", "overpaid": True}, ("100.00", "2026-02-28", "import", True, "0.00")),
    (OWED, {"amount_owed": "60.00"}, ("-60.00", "2026-03-10", "user", False, "60.00")),
    (OWED, {"amount_owed": None}, NONE),
    (OWED, {"profile_type": "checking"}, ("-54.20", "2026-02-28", "import", False, None)),
    (OWED, {"account_balance": "5.00", "overpaid": True}, ("5.00", "2026-03-10", "user", True, "0.00")),
    (PAID_BACK, {"account_balance": "30.00"}, ("30.00", "2026-03-10", "user", True, "0.00")),
    (PAID_BACK, {"account_balance": "-5.00"}, ("-5.00", "2026-03-10", "user", False, "5.00")),
    (PAID_BACK, {"amount_owed": "0.00"}, ("0.00", "2026-03-10", "user", False, "0.00")),
    (PAID_BACK, {"account_balance": None}, NONE),
    (PAID_BACK, {"profile_type": "savings"}, ("25.00", "2026-02-28", "import", False, None)),
    (PAID_BACK, {"profile_type": "loan"}, ("25.00", "2026-02-28", "import", True, "0.00")),
    (UNKNOWN, {"profile_name": "Two"}, NONE),
    (UNKNOWN, {"amount_owed": "7.00", "balance_date": "2026-03-09"}, ("-7.00", "2026-03-09", "user", False, "7.00")),
]


@pytest.mark.parametrize(("before", "sent", "expected"), CHANGED, ids=lambda value: str(value) if len(value) < 4 else "")
def test_a_change_shows_its_balance(
    as_alice: APIClient, alice: User, before: Values, sent: Values, expected: tuple[Any, ...]
) -> None:
    assert shown(as_alice.patch(stored(alice, before), sent)) == expected


REFUSED: list[tuple[Values, Values, tuple[str, str]]] = [
    (OWED, {"account_balance": "54.20"}, ("account_balance", "constraint")),
    (SAVED, {"profile_type": "mortgage"}, ("account_balance", "constraint")),
    (PAID_BACK, {"overpaid": False}, ("account_balance", "constraint")),
    (SAVED, {"overpaid": True}, ("overpaid", "constraint")),
    (OWED, {"overpaid": True}, ("overpaid", "constraint")),
    (UNKNOWN, {"overpaid": True}, ("overpaid", "constraint")),
    (PAID_BACK, {"profile_type": "savings", "overpaid": True}, ("overpaid", "constraint")),
    (UNKNOWN, {"balance_date": "2026-03-01"}, ("balance_date", "constraint")),
    (SAVED, {"balance_date": None}, ("balance_date", "constraint")),
    (SAVED, {"account_balance": None, "balance_date": "2026-03-01"}, ("balance_date", "constraint")),
    (SAVED, {"balance_date": "2026-03-11"}, ("balance_date", "future_date")),
    (SAVED, {"amount_owed": "5.00"}, ("amount_owed", "no_debt")),
    (OWED, {"profile_type": "checking", "amount_owed": "5.00"}, ("amount_owed", "no_debt")),
    (OWED, {"amount_owed": "5.00", "account_balance": "-6.00"}, ("amount_owed", "contradiction")),
    (OWED, {"amount_owed": "5.00", "account_balance": None}, ("amount_owed", "contradiction")),
    (OWED, {"amount_owed": None, "account_balance": "-6.00"}, ("amount_owed", "contradiction")),
    (OWED, {"amount_owed": "-5.00"}, ("amount_owed", "min_value")),
    (OWED, {"amount_owed": "5.001"}, ("amount_owed", "max_decimal_places")),
]


@pytest.mark.parametrize(("before", "sent", "expected"), REFUSED, ids=lambda value: str(value) if len(value) < 4 else "")
def test_what_does_not_fit_is_refused(
    as_alice: APIClient, alice: User, before: Values, sent: Values, expected: tuple[str, str]
) -> None:
    url = stored(alice, before)
    unchanged = shown(as_alice.get(url))
    assert error_of(as_alice.patch(url, sent)) == (400, *expected)
    assert shown(as_alice.get(url)) == unchanged


@pytest.mark.parametrize("before", [SAVED, OWED, PAID_BACK, UNKNOWN], ids=["saved", "owed", "overpaid", "unknown"])
def test_a_row_that_is_sent_back_does_not_change(as_alice: APIClient, alice: User, before: Values) -> None:
    url = stored(alice, before)
    row = as_alice.get(url).json()
    answer = as_alice.put(url, row).json()
    assert answer | {"updated_at": ""} == row | {"updated_at": ""}


def test_the_error_of_a_positive_debt_names_the_remedies(as_alice: APIClient) -> None:
    response = as_alice.post(URL, {"profile_name": "Card", "profile_type": "credit", "account_balance": "54.20"})
    [error] = response.json()["errors"]
    assert (response.status_code, error["attr"]) == (400, "account_balance")
    assert "amount_owed" in error["detail"]
    assert "overpaid" in error["detail"]


def test_the_error_of_a_contradiction_names_both_amounts(as_alice: APIClient, alice: User) -> None:
    response = as_alice.patch(stored(alice, OWED), {"amount_owed": "5.00", "account_balance": "-6.00"})
    assert "-5.00" in response.json()["errors"][0]["detail"]


@pytest.mark.parametrize(("zone", "day"), [("Pacific/Kiritimati", "2026-03-11"), ("Pacific/Pago_Pago", "2026-03-10")])
def test_today_is_that_of_the_user(as_alice: APIClient, alice: User, zone: str, day: str) -> None:
    ProfileFactory(user=alice, timezone=zone)
    assert shown(as_alice.post(URL, {"profile_name": "One", "profile_type": "checking", "account_balance": "1.00"}))[1] == day


def test_a_day_that_became_future_by_a_move_stays(as_alice: APIClient, alice: User) -> None:
    tomorrow = (clock.now() + timedelta(days=1)).date()
    url = stored(alice, SAVED | {"balance_date": tomorrow})
    assert as_alice.patch(url, {"profile_name": "Two", "balance_date": tomorrow.isoformat()}).status_code == 200


def test_accounts_are_filtered_by_their_balances(as_alice: APIClient, alice: User) -> None:
    for values in (SAVED, OWED, PAID_BACK, UNKNOWN):
        stored(alice, values)
    counts = {
        query: len(as_alice.get(f"{URL}?{query}").json()["results"])
        for query in (
            "overpaid=true",
            "balance_source=import",
            "account_balance__isnull=true",
            "balance_date__lte=2026-02-27",
            "balance_date__isnull=true",
            "amount_owed__gte=1",
            "computed_balance__gte=26",
        )
    }
    assert list(counts.values()) == [1, 3, 1, 0, 1, 1, 1]


def test_what_is_owed_is_no_negative_zero() -> None:
    account = EncryptedFinancialProfile(profile_type="loan", account_balance=Decimal("0.00"))
    assert str(account.amount_owed) == "0.00"
