"""The computed balance is the balance plus the later transactions, in every place that shows it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from dev.factories import AccountFactory, ImportFactory, ImportRowFactory, TransactionFactory
from finance.models import DeletedTransaction, EncryptedFinancialProfile, FinancialTransaction, StatementImportRow
from finance.services import restore_transactions
from users.models import User

URL = "/api/v1/finance/accounts/"
TRANSACTIONS = "/api/v1/finance/transactions/"
DAY = date(2026, 2, 28)
BALANCE = Decimal("100.00")


@pytest.fixture
def counted(alice: User) -> EncryptedFinancialProfile:
    """Return an account with a balance of 100.00 at the end of 28 February."""
    return AccountFactory(user=alice, account_balance=BALANCE, balance_date=DAY)


def shown(client: APIClient, account: EncryptedFinancialProfile) -> str | None:
    """Return the computed balance of a single row, which equals that of the list and of the object."""
    row = client.get(f"{URL}{account.pk}/").json()
    for _ in range(2):  # of the plain path and of the compiled one
        [listed] = [each for each in client.get(URL).json()["results"] if each["id"] == str(account.pk)]
        assert listed == row
    account.refresh_from_db()
    assert row["computed_balance"] == (None if account.computed_balance is None else str(account.computed_balance))
    found: str | None = row["computed_balance"]
    return found


def entry(account: EncryptedFinancialProfile, **values: Any) -> dict[str, Any]:
    body = {"financial_profile": str(account.pk), "transaction_type": "expense", "amount": "-6.60"}
    return body | {"transaction_date": "2026-03-01"} | values


def test_a_transaction_added_by_hand_moves_it(as_alice: APIClient, counted: EncryptedFinancialProfile) -> None:
    assert as_alice.post(TRANSACTIONS, entry(counted)).status_code == 201
    assert shown(as_alice, counted) == "93.40"
    counted.refresh_from_db()
    assert counted.account_balance == BALANCE


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"transaction_date": "2026-02-28"}, "100.00"),
        ({"transaction_date": "2026-03-01"}, "93.40"),
        ({"status": "pending"}, "93.40"),
        ({"status": "completed"}, "93.40"),
        ({"status": "disputed"}, "93.40"),
        ({"status": "failed"}, "100.00"),
        ({"status": "cancelled"}, "100.00"),
        ({"currency": "EUR"}, "100.00"),
        ({"transaction_type": "transfer"}, "93.40"),
        ({"transaction_type": "refund", "amount": "6.60"}, "106.60"),
        ({"financial_profile": None, "currency": "USD"}, "100.00"),
    ],
    ids=str,
)
def test_it_counts_later_transactions_that_move_money(
    as_alice: APIClient, counted: EncryptedFinancialProfile, values: dict[str, Any], expected: str
) -> None:
    assert as_alice.post(TRANSACTIONS, entry(counted, **values)).status_code == 201
    assert shown(as_alice, counted) == expected


def test_a_bulk_call_moves_it(as_alice: APIClient, counted: EncryptedFinancialProfile) -> None:
    as_alice.post(f"{TRANSACTIONS}bulk/", {"create": [entry(counted), entry(counted, amount="-3.40")]})
    assert shown(as_alice, counted) == "90.00"


def test_it_is_unknown_without_a_balance(as_alice: APIClient, alice: User) -> None:
    account: Any = AccountFactory(user=alice)
    TransactionFactory(user=alice, financial_profile=account)
    assert shown(as_alice, account) is None


def test_an_object_is_computed_with_its_own_unsaved_values(counted: EncryptedFinancialProfile) -> None:
    TransactionFactory(user=counted.user, financial_profile=counted, amount="-6.60", transaction_date=DAY)
    counted.balance_date = DAY - timedelta(days=1)
    assert counted.computed_balance == Decimal("93.40")
    assert EncryptedFinancialProfile(account_balance=BALANCE, balance_date=DAY, user=counted.user).computed_balance == BALANCE


def test_a_known_account_is_not_304_after_a_transaction(as_alice: APIClient, counted: EncryptedFinancialProfile) -> None:
    url = f"{URL}{counted.pk}/"
    tag = as_alice.get(url)["ETag"]
    as_alice.post(TRANSACTIONS, entry(counted))
    response = as_alice.get(url, headers={"If-None-Match": tag})
    assert (response.status_code, response.json()["computed_balance"]) == (200, "93.40")


def test_a_transaction_does_not_refuse_a_change_of_the_account(as_alice: APIClient, counted: EncryptedFinancialProfile) -> None:
    url = f"{URL}{counted.pk}/"
    tag = as_alice.get(url)["ETag"]
    as_alice.post(TRANSACTIONS, entry(counted))
    assert as_alice.patch(url, {"profile_name": "Two"}, headers={"If-Match": tag}).status_code == 200


def test_a_list_takes_no_query_per_account(as_alice: APIClient, alice: User) -> None:
    AccountFactory.create_batch(2, user=alice, account_balance=BALANCE)
    as_alice.get(URL)  # records the use of the token
    with CaptureQueriesContext(connection) as few:
        as_alice.get(URL)
    AccountFactory.create_batch(5, user=alice, account_balance=BALANCE)
    with CaptureQueriesContext(connection) as many:
        assert len(as_alice.get(URL).json()["results"]) == 7
    assert len(many) == len(few)


def test_another_users_transactions_are_not_counted(as_alice: APIClient, bob: User, counted: EncryptedFinancialProfile) -> None:
    theirs: Any = AccountFactory(user=bob, account_balance=BALANCE, balance_date=DAY)
    TransactionFactory(user=bob, financial_profile=theirs, transaction_date=DAY + timedelta(days=1))
    assert shown(as_alice, counted) == "100.00"


AMOUNTS = st.decimals("-500", "500", places=2).filter(bool)
DAYS = st.integers(-3, 3).map(lambda days: DAY + timedelta(days=days))
STATUSES = st.sampled_from(["pending", "completed", "failed", "disputed", "cancelled"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "edit", "move", "delete", "restore", "rebalance"]), st.integers(0, 9), AMOUNTS, DAYS, STATUSES
    ),
    max_size=25,
)


class History:
    """Random changes of two accounts, and the balances that follow from the rows."""

    def __init__(self, alice: User) -> None:
        self.accounts: list[Any] = [
            AccountFactory(user=alice, account_balance=BALANCE, balance_date=DAY, currency=currency)
            for currency in ("USD", "EUR")
        ]
        self.alice, self.deleted = alice, list[UUID]()

    def apply(self, step: str, number: int, amount: Decimal, day: date, status: str) -> None:
        rows = list(FinancialTransaction.objects.for_user(self.alice).order_by("pk"))
        account = self.accounts[number % 2]
        if step == "add":
            values = {"transaction_type": "transfer", "amount": amount, "transaction_date": day, "status": status}
            new: Any = TransactionFactory(user=self.alice, financial_profile=account, currency=account.currency, **values)
            self.remember(new)
        elif step == "rebalance":
            EncryptedFinancialProfile.objects.filter(pk=account.pk).update(account_balance=amount, balance_date=day)
        elif step == "restore" and self.deleted:
            key = self.deleted.pop(number % len(self.deleted))
            restore_transactions(DeletedTransaction.objects.filter(pk=key))
        elif rows and step in ("edit", "move", "delete"):
            self.change(step, rows[number % len(rows)], account, {"amount": amount, "transaction_date": day, "status": status})

    def change(self, step: str, row: Any, account: Any, values: dict[str, Any]) -> None:
        if step == "delete":
            self.deleted.append(row.pk)
            row.delete()
            return
        changed = {"financial_profile": account} if step == "move" else values
        FinancialTransaction.objects.filter(pk=row.pk).update(**changed)

    def remember(self, row: Any) -> None:
        """Give the row a claim of an import, without which a deleted transaction can't be restored."""
        record: Any = ImportFactory(user=self.alice, account=row.financial_profile)
        ImportRowFactory(user=self.alice, statement_import=record, account=row.financial_profile, verdict="created")
        StatementImportRow.objects.filter(statement_import=record).update(transaction_id=row.pk, is_claim=True)

    def expected(self) -> list[Decimal]:
        rows = list(FinancialTransaction.objects.for_user(self.alice))
        return [
            account.account_balance
            + sum(
                row.amount
                for row in rows
                if row.financial_profile_id == account.pk
                and row.currency == account.currency
                and row.transaction_date > account.balance_date
                and row.status not in ("failed", "cancelled")
            )
            for account in EncryptedFinancialProfile.objects.for_user(self.alice).order_by("pk")
        ]


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_it_is_the_balance_plus_the_later_rows_after_any_history(as_alice: APIClient, alice: User, steps: list[Any]) -> None:
    StatementImportRow.objects.all().delete()
    FinancialTransaction.objects.all().delete()
    EncryptedFinancialProfile.objects.all().delete()
    history = History(alice)
    for step in steps:
        history.apply(*step)
    listed = sorted(as_alice.get(URL).json()["results"], key=lambda row: row["id"])
    assert [Decimal(row["computed_balance"]) for row in listed] == history.expected()
