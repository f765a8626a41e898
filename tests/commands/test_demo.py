"""`manage.py demo`, which loads a year of data for each customer."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db.models import Count, Max, Min, Sum
from django.test import Client, override_settings
from pytest_django import Settings

from dev.demo.finance.customers import DEMO_FINANCES
from dev.demo.finance.generator import generate_transactions
from dev.demo.users import CUSTOMERS, PASSWORD
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport
from finance.models.accounts import DEBTS
from tests.conftest import Storing
from tests.contract.dictionary import Contract, contracts
from users.models import OnboardingProgress, User, UserProfile
from users.staff_groups import role_of

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 10)  # in the past of the database server, whose clock the tests can not change


@pytest.fixture(autouse=True)
def noon() -> Iterator[Any]:
    with time_machine.travel("2026-11-10 17:00Z", tick=False) as traveler:
        yield traveler


@pytest.fixture(scope="module", autouse=True)
def loaded(storing: Storing) -> Iterator[None]:
    """Load the demo once for all tests of this module."""
    with override_settings(DEBUG=True):
        with storing(), time_machine.travel("2026-11-10 17:00Z", tick=False):
            load()
        yield


def load() -> None:
    call_command("demo", no_serve=True, few=True)


def everything() -> dict[str, list[Any]]:
    """Return the rows of the demo without the times at which they were written."""
    rows = FinancialTransaction.objects.order_by("user__email", "financial_profile__profile_name", "pk")
    return {
        "users": list(User.objects.order_by("email").values_list("email", "is_staff", "is_superuser")),
        "profiles": list(UserProfile.objects.order_by("first_name").values_list("first_name", "timezone", "annual_income")),
        "steps": list(OnboardingProgress.objects.order_by("pk").values_list("step_name", "is_completed")),
        "accounts": list(
            EncryptedFinancialProfile.objects.order_by("pk").values_list("profile_name", "account_balance", "balance_date")
        ),
        "rows": list(rows.values_list("user__email", "transaction_date", "amount", "description", "status")),
        "numbers": [(str(contract), contract.model._base_manager.count()) for contract in contracts()],
        "imports": list(StatementImport.objects.order_by("filename").values_list("filename", "created")),
    }


def test_it_loads_staff_of_each_role_and_three_customers() -> None:
    staff = User.objects.filter(is_staff=True).order_by("email")
    assert [role_of(user) for user in staff] == ["administrator", "administrator", "analyst", "billing", "support"]
    responses = [
        Client().post(
            "/_allauth/app/v1/auth/login", {"email": item.email, "password": PASSWORD}, content_type="application/json"
        )
        for item in CUSTOMERS
    ]
    assert [response.status_code for response in responses] == [200, 200, 200]


def test_support_may_help_and_sees_only_masked_values() -> None:
    support = User.objects.get(email="support@mingus.example")
    assert support.has_perm("finance.view_financialtransaction")
    assert support.has_perm("users.help_user")
    assert not any(".see_" in name for name in support.get_all_permissions())


def test_it_is_idempotent() -> None:
    first = everything()
    load()
    assert everything() == first


def test_tomorrow_adds_a_day_and_posts_pending_transactions(noon: Any) -> None:
    before = everything()["rows"]
    noon.shift(timedelta(days=4))
    load()
    after = everything()["rows"]
    known = {row[:4] for row in before}
    assert known < {row[:4] for row in after}
    assert all(row[1] > TODAY for row in after if row[:4] not in known)
    assert all(row[4] == "completed" for row in after if row[1] <= TODAY)


@pytest.mark.parametrize("contract", contracts(), ids=str)
def test_every_model_has_rows(contract: Contract) -> None:
    assert contract.model._base_manager.exists()


@pytest.mark.parametrize("contract", [found for found in contracts() if found.owner], ids=str)
def test_every_customer_has_rows_of_each_owned_model(contract: Contract) -> None:
    owners = contract.model._base_manager.filter(user__is_staff=False).values("user").distinct()
    assert owners.count() == len(CUSTOMERS)


def test_every_profile_is_complete() -> None:
    assert [profile.is_complete for profile in UserProfile.objects.exclude(user__is_staff=True)] == [True, True, True]


def test_customers_have_accounts_and_a_year_of_transactions() -> None:
    accounts = EncryptedFinancialProfile.objects.values("user").annotate(number=Count("pk"))
    spans = FinancialTransaction.objects.values("user").annotate(
        first=Min("transaction_date"), last=Max("transaction_date"), number=Count("pk")
    )
    assert {row["number"] for row in accounts} <= {3, 4, 5}
    assert all(row["first"] <= TODAY - timedelta(days=360) and row["last"] >= TODAY - timedelta(days=2) for row in spans)
    assert all(row["number"] > 500 for row in spans)


def test_all_kinds_of_transactions_occur() -> None:
    kinds = set(FinancialTransaction.objects.values_list("transaction_type", flat=True))
    assert kinds == {"income", "expense", "transfer", "refund", "fee"}


def test_transfers_between_own_accounts_cancel_out() -> None:
    sums = FinancialTransaction.objects.filter(transaction_type="transfer").values("user").annotate(total=Sum("amount"))
    assert {row["total"] for row in sums} == {Decimal(0)}


def test_the_computed_balance_is_the_opening_one_plus_the_transactions() -> None:
    checking = EncryptedFinancialProfile.objects.get(profile_name="Everyday checking")
    moved = FinancialTransaction.objects.on_account(checking).aggregate(total=Sum("amount"))["total"]
    opening = next(account.opening for account in DEMO_FINANCES["alice@mingus.example"].accounts if account.key == "checking")
    assert checking.balance_date == date(2026, 10, 31)
    assert checking.computed_balance == opening + moved != checking.account_balance


def test_every_debt_is_below_0() -> None:
    debts = EncryptedFinancialProfile.objects.filter(profile_type__in=DEBTS)
    assert [account.profile_name for account in debts if max(account.account_balance, account.computed_balance) >= 0] == []


def test_every_balance_has_a_day_and_a_source() -> None:
    balances = EncryptedFinancialProfile.objects.filter(account_balance__isnull=False)
    of_users, of_imports = (balances.filter(balance_source=source) for source in ("user", "import"))
    assert set(of_users.values_list("balance_date", flat=True)) == {date(2026, 10, 31)}
    assert of_imports.filter(balance_date__range=("2026-10-01", "2026-10-31")).count() == of_imports.count() == len(CUSTOMERS)
    assert balances.count() == EncryptedFinancialProfile.objects.count()


def test_each_statement_has_set_its_balance() -> None:
    assert list(StatementImport.objects.values_list("balance_set", "balance_reason").distinct()) == [(True, "")]


def test_each_customer_has_imported_a_statement() -> None:
    found = list(StatementImport.objects.order_by("format").values_list("format", "failed", "review", "duplicates"))
    assert found == [("csv", 0, 0, 0), ("csv", 0, 0, 0), ("ofx", 0, 0, 0)]


def running_balances(email: str, kinds: tuple[str, ...], today: date) -> dict[str, list[Decimal]]:
    """Return the balances of a year of accounts of some kinds, by account, one after each transaction."""
    finances = DEMO_FINANCES[email]
    found = {account.key: [account.opening] for account in finances.accounts if account.profile_type in kinds}
    for item in generate_transactions(finances, email, today - timedelta(days=365), today):
        if item.account in found:
            found[item.account].append(found[item.account][-1] + item.amount)
    return found


@pytest.mark.parametrize("email", DEMO_FINANCES)
def test_no_bank_account_is_ever_overdrawn(email: str) -> None:
    balances = running_balances(email, ("checking", "savings"), TODAY)
    assert min(map(min, balances.values())) >= 0


@pytest.mark.parametrize("email", DEMO_FINANCES)
@pytest.mark.parametrize("today", [date(2026, 11, 10), date(2026, 2, 28), date(2027, 5, 31), date(2027, 8, 15)], ids=str)
def test_no_debt_is_ever_overpaid(email: str, today: date) -> None:
    balances = running_balances(email, DEBTS, today)
    assert max(map(max, balances.values())) <= 0


def test_it_refuses_outside_of_debug(settings: Settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG=1"):
        load()
