"""The endpoint: dry runs, decisions about accounts and categories, errors, and files that are sent twice."""

import uuid
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from dev.factories import AccountFactory, TransactionFactory
from finance.models import (
    Category,
    EncryptedFinancialProfile,
    FinancialTransaction,
    Payee,
    StatementImport,
    Tag,
    Transfer,
)  # fmt: skip
from tests.finance.moves.app_files import (
    actual_file,
    actual_row,
    firefly_file,
    firefly_row,
    mint_file,
    mint_row,
)
from tests.finance.moves.conftest import URL, Send, error
from tests.finance.moves.test_ynab import REGISTER
from users.models import User

TWO = actual_file(actual_row(category="Food"), actual_row("Cash", amount="-3"))


def account_of(body: dict[str, Any], name: str) -> dict[str, Any]:
    return next(account for account in body["accounts"] if account["name"] == name)


def test_a_dry_run_is_the_default_and_changes_nothing(send: Send) -> None:
    response = send(REGISTER)
    assert (response.status_code, response.json()["id"], response.json()["dry_run"]) == (200, None, True)
    models = (EncryptedFinancialProfile, FinancialTransaction, Category, Tag, Payee, Transfer, StatementImport)
    assert [model.__name__ for model in models if model.objects.exists()] == []


def test_a_dry_run_proposes_accounts_categories_and_tags(send: Send) -> None:
    body = send(REGISTER).json()
    assert account_of(body, "Checking") == {
        "name": "Checking",
        "action": "create",
        "account": None,
        "profile_name": "Checking",
        "profile_type": "checking",
        "currency": "USD",
        "last_four": "",
        "rows": 3,
        "first_day": "2025-03-01",
        "last_day": "2025-03-16",
        "balance": "757.50",
        "balance_set": True,
        "statement_import": None,
        "created": 3,
        "duplicates": 0,
        "tombstoned": 0,
        "superseded": 0,
        "review": 0,
        "failed": 0,
    }
    assert body["categories"][0] == {"name": "Cleaning", "category": "", "kind": "expense", "rows": 1}
    assert (body["tags"], body["splits"], body["transfers"]) == ([{"name": "Red", "tag": "", "rows": 1}], 1, 1)
    assert [warning["code"] for warning in body["warnings"]] == ["currency_assumed"]


def test_a_move_makes_what_its_dry_run_says(send: Send, move: Send) -> None:
    planned, made = send(REGISTER).json(), move(REGISTER)
    same = ("rows", "first_day", "last_day", "balance", "balance_set", "created", "profile_type", "currency")
    assert [[row[name] for name in same] for row in planned["accounts"]] == [
        [row[name] for name in same] for row in made["accounts"]
    ]
    assert made["id"] is not None
    assert {str(record.move) for record in StatementImport.objects.all()} == {made["id"]}
    assert [category["category"] for category in made["categories"]] == ["cleaning", "groceries", "ready-to-assign"]


@pytest.mark.parametrize(
    "content",
    [REGISTER, mint_file(mint_row(), mint_row()), TWO, firefly_file(firefly_row(), firefly_row(group_id="2", journal_id="2"))],
    ids=["ynab", "mint", "actual", "firefly"],
)
def test_a_file_that_is_sent_twice_makes_no_duplicates(send: Send, move: Send, content: bytes) -> None:
    first = move(content)
    before = (FinancialTransaction.objects.count(), Category.objects.count(), EncryptedFinancialProfile.objects.count())
    again = move(content)
    assert [account["created"] for account in again["accounts"]] == [0] * len(first["accounts"])
    assert [account["duplicates"] for account in again["accounts"]] == [account["created"] for account in first["accounts"]]
    assert [account["action"] for account in again["accounts"]] == ["existing"] * len(first["accounts"])
    assert before == (
        FinancialTransaction.objects.count(), Category.objects.count(), EncryptedFinancialProfile.objects.count()
    )  # fmt: skip


def test_a_newer_export_adds_its_new_rows(move: Send) -> None:
    move(actual_file(actual_row(), actual_row()))
    body = move(actual_file(actual_row(), actual_row(), actual_row(), actual_row(date="2025-03-16")))
    assert (body["accounts"][0]["created"], body["accounts"][0]["duplicates"]) == (2, 2)


def test_an_account_with_the_same_name_is_used(move: Send, alice: User) -> None:
    account = AccountFactory(user=alice, profile_name="BANK", currency="CAD", account_balance=None)
    body = move(TWO)
    assert [(row["action"], row["currency"]) for row in body["accounts"]] == [("existing", "CAD"), ("create", "CAD")]
    account.refresh_from_db()
    assert account.account_balance is None
    assert FinancialTransaction.objects.get(financial_profile=account).currency == "CAD"


def test_an_account_with_the_same_number_is_used(move: Send, alice: User) -> None:
    account = AccountFactory(user=alice, profile_name="Hauptkonto", currency="EUR", account_number="DE02120300000000202051")
    [row] = move(firefly_file(firefly_row(source_iban="DE02 1203 0000 0000 2020 51")))["accounts"]
    assert (row["account"], row["last_four"]) == (str(account.pk), "2051")


def test_an_account_in_another_currency_is_not_used(send: Send, alice: User) -> None:
    AccountFactory(user=alice, profile_name="Giro", currency="USD")
    assert send(firefly_file(firefly_row())).json()["accounts"][0]["action"] == "create"


def test_a_new_account_gets_the_number_of_the_file(move: Send) -> None:
    move(firefly_file(firefly_row(source_iban="DE02120300000000202051")))
    assert EncryptedFinancialProfile.objects.get().account_number_masked == "••••2051"


def test_decisions_about_accounts(move: Send, alice: User) -> None:
    mine = AccountFactory(user=alice, profile_name="Other", currency="USD")
    three = actual_file(actual_row(), actual_row("Cash", amount="-3"), actual_row("Old", amount="-9"))
    wallet = {"profile_name": "Wallet", "profile_type": "savings", "currency": "EUR"}
    body = move(three, accounts={"Bank": {"account": str(mine.pk)}, "Cash": wallet, "Old": None})
    assert [row["action"] for row in body["accounts"]] == ["existing", "create", "skip"]
    made = EncryptedFinancialProfile.objects.get(profile_name="Wallet")
    assert (made.profile_type, made.currency, made.account_balance) == ("savings", "EUR", Decimal("-3.00"))
    assert set(FinancialTransaction.objects.values_list("financial_profile", "currency")) == {
        (mine.pk, "USD"),
        (made.pk, "EUR"),
    }


def test_decisions_about_categories(move: Send, alice: User) -> None:
    Category.objects.create(user=alice, name="Eating", slug="eating")
    rows = [actual_row(category=name, date=f"2025-03-0{day}") for day, name in enumerate(["Food", "Misc", "Fun"], 1)]
    body = move(actual_file(*rows), categories={"Food": "eating", "Misc": None})
    assert list(FinancialTransaction.objects.order_by("transaction_date").values_list("category", flat=True)) == [
        *("eating", "", "fun")
    ]
    assert sorted(category["category"] for category in body["categories"]) == ["eating", "fun"]


@pytest.mark.parametrize(
    ("accounts", "code"),
    [
        ({"Unknown": None}, "unknown_account"),
        ({"Bank": "skip"}, "invalid"),
        ({"Bank": {"account": 7}}, "invalid"),
        ({"Bank": {"account": "checking"}}, "does_not_exist"),
        ({"Bank": {"account": str(uuid.uuid4())}}, "does_not_exist"),
        ({"Bank": {"color": "red"}}, "unknown_field"),
        ({"Bank": {"profile_type": "piggy"}}, "invalid_choice"),
        ({"Bank": {"currency": "XXY"}}, "invalid_choice"),
        ({"Bank": {"profile_name": "x" * 101}}, "invalid"),
    ],
)
def test_a_wrong_decision_is_refused(send: Send, accounts: dict[str, Any], code: str) -> None:
    assert error(send(TWO, accounts=accounts)) == (400, "accounts", code)


def test_another_users_account_is_refused_as_unknown(send: Send, bob: User) -> None:
    theirs, missing = str(AccountFactory(user=bob).pk), str(uuid.uuid4())
    foreign = send(TWO, accounts={"Bank": {"account": theirs}}, dry_run=False)
    unknown = send(TWO, accounts={"Bank": {"account": missing}}, dry_run=False)
    assert error(foreign) == error(unknown) == (400, "accounts", "does_not_exist")
    assert foreign.content.replace(theirs.encode(), b"") == unknown.content.replace(missing.encode(), b"")
    assert not FinancialTransaction.objects.exists()


def test_two_accounts_of_the_file_can_not_become_one(send: Send, alice: User) -> None:
    mine = str(AccountFactory(user=alice).pk)
    response = send(TWO, accounts={"Bank": {"account": mine}, "Cash": {"account": mine}})
    assert error(response) == (400, "accounts", "same_account")


def test_a_closed_account_is_a_conflict_and_nothing_is_written(send: Send, alice: User) -> None:
    closed = AccountFactory(user=alice, is_active=False)
    response = send(TWO, accounts={"Cash": {"account": str(closed.pk)}}, dry_run=False)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "account_closed")
    assert not FinancialTransaction.objects.exists()


def test_an_account_that_was_closed_since_is_left_out(move: Send) -> None:
    move(TWO)
    EncryptedFinancialProfile.objects.filter(profile_name="Cash").update(is_active=False)
    body = move(TWO)
    assert [(row["action"], row["duplicates"]) for row in body["accounts"]] == [("existing", 1), ("skip", 0)]
    assert [warning["code"] for warning in body["warnings"]] == ["account_closed"]
    assert FinancialTransaction.objects.count() == 2


def test_invalid_rows_are_listed_with_account_and_column(move: Send) -> None:
    body = move(actual_file(actual_row(), actual_row(amount="much"), actual_row("Cash", date="soon")))
    assert [(each["row"], each["account"], each["column"], each["code"]) for each in body["errors"]] == [
        (3, "Bank", "Amount", "bad_amount"),
        (4, "Cash", "Date", "bad_date"),
    ]
    assert (body["failed"], account_of(body, "Bank")["balance_set"], account_of(body, "Cash")["failed"]) == (2, False, 1)


def test_errors_are_in_the_imports_too(move: Send, as_alice: APIClient) -> None:
    body = move(actual_file(actual_row(), actual_row(amount="much")))
    record = as_alice.get(f"/api/v1/finance/imports/{body['accounts'][0]['statement_import']}/").json()
    assert [(each["row"], each["field"]) for each in record["errors"]] == [(3, "Amount")]


def test_the_imports_of_a_move_can_be_listed(move: Send, as_alice: APIClient) -> None:
    move(mint_file(mint_row()))
    body = move(TWO)
    found = as_alice.get("/api/v1/finance/imports/", {"move": body["id"]}).json()["results"]
    assert {row["id"] for row in found} == {account["statement_import"] for account in body["accounts"]}
    assert {row["format"] for row in found} == {"actual"}


def test_a_category_that_exists_keeps_its_kind(move: Send, alice: User) -> None:
    Category.objects.create(user=alice, name="Food", slug="food", kind="income")
    move(TWO)
    assert Category.objects.get().kind == "income"


def test_a_deleted_transaction_stays_away(move: Send) -> None:
    move(TWO)
    FinancialTransaction.objects.filter(category="food").delete()
    assert account_of(move(TWO), "Bank")["tombstoned"] == 1
    assert FinancialTransaction.objects.count() == 1


def test_a_row_that_the_user_has_entered_is_not_imported_twice(move: Send, alice: User) -> None:
    account = AccountFactory(user=alice, profile_name="Bank", currency="USD")
    values = {"merchant_name": "Corner Shop", "description": "", "transaction_date": "2025-03-15", "amount": Decimal("-12.50")}
    TransactionFactory(user=alice, financial_profile=account, transaction_type="expense", currency="USD", **values)
    assert account_of(move(TWO), "Bank")["created"] == 0


def test_an_idempotency_key_prevents_a_second_move(send: Send, as_alice: APIClient) -> None:
    as_alice.credentials(HTTP_IDEMPOTENCY_KEY="once", **as_alice._credentials)
    first, repeated = send(TWO, dry_run=False), send(TWO, dry_run=False)
    assert (first.status_code, first.content) == (repeated.status_code, repeated.content)
    assert FinancialTransaction.objects.count() == 2


def test_a_move_needs_a_login(send: Send) -> None:
    assert send(TWO, client=APIClient()).status_code == 401


def test_a_move_needs_a_file(as_alice: APIClient) -> None:
    assert error(as_alice.post(URL, {}, format="multipart")) == (400, "file", "required")
