"""Amounts in the API, which have the decimals of their currency in requests, responses, lists and exports."""

from typing import Any

import pytest
from django.db import IntegrityError, models, transaction
from rest_framework.test import APIClient

from billing.models import SubscriptionPlan
from dev.factories import AccountFactory, IncomeDueDateFactory, MilestoneFactory, TransactionFactory
from dev.routes import ROUTES, make
from finance.models import EncryptedFinancialProfile, FinancialTransaction, UserExpenseDueDate, UserIncomeDueDate
from tests.conftest import ClientFor
from users.models import User

TRANSACTIONS = "/api/v1/finance/transactions/"
INCOMES = "/api/v1/finance/income-due-dates/"
# the amounts of each model with a currency that the API writes, with the other fields to send
AMOUNTS: list[tuple[Any, list[str], dict[str, Any]]] = [
    (SubscriptionPlan, ["price"], {}),
    (EncryptedFinancialProfile, ["account_balance", "credit_limit"], {"profile_type": "credit", "overpaid": True}),
    (FinancialTransaction, ["amount"], {"transaction_type": "income"}),
    (UserIncomeDueDate, ["expected_amount"], {}),
    (UserExpenseDueDate, ["expected_amount"], {}),
]
STORED = [
    ("JPY", "500", "500"),
    ("JPY", "1234.00", "1234"),
    ("USD", "12.3", "12.30"),
    ("USD", "12.300", "12.30"),
    ("KWD", "500.555", "500.555"),
    ("KWD", "7", "7.000"),
    ("HRK", "12.3", "12.30"),
    ("JPY", "9999999999999", "9999999999999"),
]
REFUSED = [
    ("JPY", "500.55", "max_decimal_places"),
    ("USD", "12.345", "max_decimal_places"),
    ("KWD", "500.5555", "max_decimal_places"),
    ("BGN", "12.345", "max_decimal_places"),
    ("USD", "10000000000000", "max_whole_digits"),
    ("USD", "NaN", "invalid"),
    ("USD", "1e999999", "max_whole_digits"),
    ("JPY", "15e-1", "max_decimal_places"),
]


def model_name(value: object) -> str | None:
    return value.__name__ if isinstance(value, type) else None


def change(client: APIClient, owner: User, model: type[models.Model], body: dict[str, Any]) -> Any:
    """Send a PATCH for a new row of `model`."""
    [row] = make(model, 1, owner)
    [route] = [each for each in ROUTES if each.view.queryset is not None and each.model is model and "patch" in each.methods]
    return client.patch(route.path(row.pk), body)


def errors_of(response: Any) -> dict[str, str]:
    return {error["attr"]: error["code"] for error in response.json()["errors"]}


@pytest.mark.parametrize(("currency", "sent", "shown"), STORED)
@pytest.mark.parametrize(("model", "names", "others"), AMOUNTS, ids=model_name)
def test_an_amount_has_the_decimals_of_its_currency(
    model: Any,
    names: list[str],
    others: dict[str, str],
    currency: str,
    sent: str,
    shown: str,
    administrator: User,
    api: ClientFor,
) -> None:
    body = others | {"currency": currency} | dict.fromkeys(names, sent)
    response = change(api(administrator), administrator, model, body)
    assert response.status_code == 200, response.json()
    assert {response.json()[name] for name in names} == {shown}
    row = model._base_manager.get(pk=response.json()["id"])
    assert {str(getattr(row, name)) for name in names} == {shown}


@pytest.mark.parametrize(("currency", "sent", "code"), REFUSED)
@pytest.mark.parametrize(("model", "names", "others"), AMOUNTS, ids=model_name)
def test_an_amount_with_other_decimals_is_refused_at_its_field(
    model: Any,
    names: list[str],
    others: dict[str, str],
    currency: str,
    sent: str,
    code: str,
    administrator: User,
    api: ClientFor,
) -> None:
    body = others | {"currency": currency} | dict.fromkeys(names, sent)
    response = change(api(administrator), administrator, model, body)
    assert (response.status_code, errors_of(response)) == (400, dict.fromkeys(names, code))


def test_the_error_names_the_field_the_currency_and_its_decimals(as_alice: APIClient, alice: User) -> None:
    row = TransactionFactory(user=alice, currency="JPY", amount="-500")
    response = as_alice.patch(f"{TRANSACTIONS}{row.pk}/", {"amount": "-500.55"})
    assert response.json()["errors"] == [
        {"code": "max_decimal_places", "detail": "Amount in JPY must have no decimals.", "attr": "amount"}
    ]


def test_another_currency_alone_must_fit_the_stored_amount(as_alice: APIClient, alice: User) -> None:
    row = TransactionFactory(user=alice, amount="-12.30")
    response = as_alice.patch(f"{TRANSACTIONS}{row.pk}/", {"currency": "JPY"})
    assert (response.status_code, errors_of(response)) == (400, {"amount": "max_decimal_places"})


def test_another_currency_alone_changes_the_decimals_of_the_amount(as_alice: APIClient, alice: User) -> None:
    row = TransactionFactory(user=alice, amount="-12.00")
    assert as_alice.patch(f"{TRANSACTIONS}{row.pk}/", {"currency": "JPY"}).json()["amount"] == "-12"
    assert as_alice.patch(f"{TRANSACTIONS}{row.pk}/", {"currency": "KWD"}).json()["amount"] == "-12.000"


def purchase(account: Any, amount: str) -> dict[str, str]:
    """Return a transaction without a currency."""
    key = str(account.pk)
    return {"financial_profile": key, "transaction_type": "expense", "amount": amount, "transaction_date": "2026-03-01"}


@pytest.mark.parametrize(("currency", "amount"), [("KWD", "-500.555"), ("JPY", "-500")])
def test_the_decimals_are_those_of_the_account_if_no_currency_is_sent(
    as_alice: APIClient, alice: User, currency: str, amount: str
) -> None:
    body = purchase(AccountFactory(user=alice, currency=currency), amount)
    assert as_alice.post(TRANSACTIONS, body).json()["amount"] == amount
    assert as_alice.post(f"{TRANSACTIONS}bulk/", {"create": [body]}).status_code == 200
    assert {str(row.amount) for row in FinancialTransaction.objects.all()} == {amount}


def test_decimals_that_the_account_does_not_have_are_refused(as_alice: APIClient, alice: User) -> None:
    body = purchase(AccountFactory(user=alice, currency="JPY"), "-5.50")
    assert errors_of(as_alice.post(TRANSACTIONS, body)) == {"amount": "max_decimal_places"}
    assert errors_of(as_alice.post(f"{TRANSACTIONS}bulk/", {"create": [body]})) == {"create.0.amount": "max_decimal_places"}


def test_a_bulk_call_changes_the_currency_of_many_rows(as_alice: APIClient, alice: User) -> None:
    rows = [TransactionFactory(user=alice, amount=amount) for amount in ("-12.00", "-5.00")]
    body = {"ids": [str(row.pk) for row in rows], "patch": {"currency": "JPY"}, "expected_count": 2}
    assert as_alice.post(f"{TRANSACTIONS}bulk/", body).status_code == 200
    assert {str(row.amount) for row in FinancialTransaction.objects.all()} == {"-12", "-5"}


def test_a_bulk_call_refuses_the_rows_whose_decimals_do_not_fit(as_alice: APIClient, alice: User) -> None:
    good, bad = TransactionFactory(user=alice, amount="-12.00"), TransactionFactory(user=alice, amount="-5.50")
    body = {"update": [{"id": str(row.pk), "currency": "JPY"} for row in (good, bad)]}
    assert errors_of(as_alice.post(f"{TRANSACTIONS}bulk/", body)) == {"update.1.amount": "max_decimal_places"}


def test_lists_and_derived_values_have_the_decimals_of_the_currency(as_alice: APIClient, alice: User) -> None:
    TransactionFactory(user=alice, currency="JPY", amount="-1234")
    TransactionFactory(user=alice, currency="KWD", amount="-500.555")
    rows = as_alice.get(f"{TRANSACTIONS}?ordering=amount").json()["results"]
    assert [(row["amount"], row["absolute_amount"]) for row in rows] == [("-1234", "1234"), ("-500.555", "500.555")]


@pytest.mark.parametrize("query", ["amount=-500.555", "amount__lt=-500.554", "amount__gte=-500.555&amount__lt=-500.55"])
def test_a_filter_takes_the_decimals_of_every_currency(as_alice: APIClient, alice: User, query: str) -> None:
    TransactionFactory(user=alice, currency="USD", amount="-500.55")
    TransactionFactory(user=alice, currency="KWD", amount="-500.555")
    assert [row["currency"] for row in as_alice.get(f"{TRANSACTIONS}?{query}").json()["results"]] == ["KWD"]


def test_the_available_credit_has_the_decimals_of_the_currency(as_alice: APIClient, alice: User) -> None:
    card: Any = {"user": alice, "profile_type": "credit"}
    AccountFactory(**card, profile_name="A", currency="JPY", credit_limit="100000", account_balance="-1234")
    AccountFactory(**card, profile_name="B", currency="KWD", credit_limit="1000.000", account_balance="-500.555")
    rows = as_alice.get("/api/v1/finance/accounts/?ordering=profile_name").json()["results"]
    assert [(row["available_credit"], row["credit_utilization"]) for row in rows] == [("98766", "1.23"), ("499.445", "50.06")]


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "-1234"), ("USD", "-12.30"), ("KWD", "-500.555")])
def test_the_csv_export_has_the_decimals_of_the_currency(as_alice: APIClient, alice: User, currency: str, amount: str) -> None:
    TransactionFactory(user=alice, currency=currency, amount=amount)
    response: Any = as_alice.get(f"{TRANSACTIONS}export/")
    header, row = b"".join(response.streaming_content).decode().removeprefix("\ufeff").splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))["amount"] == amount


@pytest.mark.parametrize(("currency", "part", "rest"), [("JPY", "500", "734"), ("KWD", "500.555", "733.445")])
def test_payments_have_the_decimals_of_the_due_date(
    as_alice: APIClient, alice: User, currency: str, part: str, rest: str
) -> None:
    due: Any = IncomeDueDateFactory(user=alice, currency=currency, expected_amount="1234")
    assert as_alice.post(f"{INCOMES}{due.pk}/receive/", {"amount": part}).json()["last_received_amount"] == part
    assert as_alice.post(f"{INCOMES}{due.pk}/receive/", {}).json()["last_received_amount"] == rest
    assert {payment.currency for payment in due.payments.all()} == {currency}


def test_a_payment_with_other_decimals_is_refused(as_alice: APIClient, alice: User) -> None:
    due = IncomeDueDateFactory(user=alice, currency="JPY", expected_amount="1234")
    response = as_alice.post(f"{INCOMES}{due.pk}/receive/", {"amount": "500.55"})
    assert (response.status_code, errors_of(response)) == (400, {"amount": "max_decimal_places"})


def test_an_occurrence_without_a_payment_has_the_decimals_of_its_currency(as_alice: APIClient, alice: User) -> None:
    due: Any = IncomeDueDateFactory(user=alice, currency="JPY", expected_amount="1234")
    day = due.next_occurrence.isoformat()
    [found] = as_alice.get(f"{INCOMES}{due.pk}/occurrences/?from={day}&to={day}").json()["results"]
    assert (found["expected"], found["paid"]) == ("1234", "0")


def test_a_new_expected_amount_gives_open_payments_its_decimals(as_alice: APIClient, alice: User) -> None:
    due: Any = IncomeDueDateFactory(user=alice, expected_amount="1234.00")
    as_alice.post(f"{INCOMES}{due.pk}/receive/", {"amount": "1"})
    assert as_alice.patch(f"{INCOMES}{due.pk}/", {"expected_amount": "2000.5"}).status_code == 200
    assert [str(payment.expected_amount) for payment in due.payments.all()] == ["2000.50"]


def test_the_database_refuses_a_payment_in_another_currency_than_its_due_date(as_alice: APIClient, alice: User) -> None:
    due: Any = IncomeDueDateFactory(user=alice)
    as_alice.post(f"{INCOMES}{due.pk}/receive/", {})
    with pytest.raises(IntegrityError, match="finance_duedatepayment_income_owner"), transaction.atomic():
        due.payments.update(currency="EUR")
    with pytest.raises(IntegrityError, match="finance_duedatepayment_income_owner"), transaction.atomic():
        UserIncomeDueDate.objects.update(currency="EUR")


@pytest.mark.parametrize(("sent", "status"), [("90000.5", 200), ("90000.555", 400)])
def test_a_salary_without_a_currency_has_two_decimals(as_alice: APIClient, alice: User, sent: str, status: int) -> None:
    milestone = MilestoneFactory(user=alice, target_salary="100000.00")
    path = f"/api/v1/career/milestones/{milestone.pk}/"
    assert as_alice.patch(path, {"current_salary": sent}).status_code == status
    assert as_alice.post(f"{path}progress/", {"current_salary": sent}).status_code == status


@pytest.mark.parametrize("currency", ["XAU", "CHE", "EURO", "eur", "ZZZ"])
def test_an_unknown_currency_is_refused(as_alice: APIClient, alice: User, currency: str) -> None:
    row = TransactionFactory(user=alice)
    assert as_alice.patch(f"{TRANSACTIONS}{row.pk}/", {"currency": currency}).status_code == 400


def test_a_save_normalizes_and_the_constraint_refuses_the_rest(alice: User) -> None:
    row: Any = TransactionFactory(user=alice, currency="KWD", amount="-7")
    assert str(row.amount) == "-7.000"
    row.currency = "USD"
    row.save(update_fields=["currency"])
    assert str(FinancialTransaction.objects.get().amount) == "-7.00"
    with pytest.raises(IntegrityError, match="amount_decimals"), transaction.atomic():
        FinancialTransaction.objects.update(amount="-7.5")
    row.amount = "-7.555"
    with pytest.raises(IntegrityError, match="amount_decimals"), transaction.atomic():
        row.save()


@pytest.mark.parametrize(
    ("currency", "balance", "spent", "owed", "computed"),
    [
        ("JPY", "-1234", "-66", "1234", "-1300"),
        ("USD", "-12.3", "-2.7", "12.30", "-15.00"),
        ("KWD", "-1", "-0.005", "1.000", "-1.005"),
    ],
)
@pytest.mark.parametrize("is_overpaid", [False, True])
def test_the_values_of_a_balance_have_the_decimals_of_its_currency(
    is_overpaid: bool, currency: str, balance: str, spent: str, owed: str, computed: str, alice: User, as_alice: APIClient
) -> None:
    account = AccountFactory(user=alice, profile_type="credit", currency=currency)
    path = f"/api/v1/finance/accounts/{account.pk}/"
    body: dict[str, Any] = {"account_balance": balance, "balance_date": "2026-01-31"}
    if is_overpaid:
        body |= {"account_balance": balance.removeprefix("-"), "overpaid": True}
    assert as_alice.patch(path, body, format="json").status_code == 200
    assert as_alice.get(path).json()["amount_owed"] == (f"{0:.{len(owed.partition('.')[2])}f}" if is_overpaid else owed)
    body = {"financial_profile": account.pk, "transaction_type": "expense", "amount": spent, "transaction_date": "2026-02-01"}
    assert as_alice.post(TRANSACTIONS, body | {"currency": currency}, format="json").status_code == 201
    for shown in (as_alice.get(path).json(), as_alice.get("/api/v1/finance/accounts/").json()["results"][0]):
        assert is_overpaid or shown["computed_balance"] == computed
