"""Categories, tags and payees in the back office."""

from typing import Any

import pytest
from django.test import Client

from dev.factories import ExpenseDueDateFactory, TagFactory, TransactionFactory
from dev.factories.finance import category_of
from finance.models import Category, FinancialTransaction, UserExpenseDueDate
from users.models import User

pytestmark = pytest.mark.django_db
TRANSACTIONS = "/admin/finance/financialtransaction/"
EXPENSES = "/admin/finance/userexpenseduedate/"


def form(**fields: Any) -> dict[str, Any]:
    base = {"transaction_type": "expense", "amount": "-5.00", "currency": "USD", "transaction_date": "2026-03-01"}
    return {**base, "status": "completed", "metadata": "{}", **fields}


def expense(**fields: Any) -> dict[str, Any]:
    base = {"expense_name": "Rent", "expected_amount": "5.00", "currency": "USD", "due_date": "2026-12-01"}
    return {**base, "frequency": "monthly", "is_recurring": "on", **fields}


def test_texts_stand_for_categories_payees_and_tags(office: Client, alice: User) -> None:
    TagFactory(user=alice, name="Work")
    fields = {"category": "Pay rise", "merchant_name": "SQ *SHOP 0123", "tags": "work, trip"}
    office.post(f"{TRANSACTIONS}add/", form(customer=str(alice.pk), transaction_type="income", amount="5.00", **fields))
    row = FinancialTransaction.objects.get()
    assert (row.category, row.payee, row.tags) == ("pay-rise", "Shop", ["Work", "trip"])
    assert Category.objects.get().kind == "income"


@pytest.mark.parametrize("empty", ["", "   "])
def test_a_transaction_is_emptied(office: Client, alice: User, empty: str) -> None:
    row = TransactionFactory(user=alice, category="Food", payee="Shop", tags=["a"])
    fields = {
        "financial_profile": str(row.financial_profile_id),
        "category": empty,
        "payee": empty,
        "tags": "",
        "initial-tags": "a",
    }
    assert office.post(f"{TRANSACTIONS}{row.pk}/change/", form(**fields)).status_code == 302
    row.refresh_from_db()
    assert (row.category, row.payee, row.tags) == ("", "", [])
    assert {"category", "payee", "tags"} <= row.sources.keys()


def test_an_expense_is_emptied(office: Client, alice: User) -> None:
    row = ExpenseDueDateFactory(user=alice, expense_category=category_of(alice, "Food"))
    assert office.post(f"{EXPENSES}{row.pk}/change/", expense(expense_category="")).status_code == 302
    assert UserExpenseDueDate.objects.get().expense_category == ""


@pytest.mark.parametrize(
    ("path", "data"),
    [(TRANSACTIONS, form(category="New", amount="5.00")), (EXPENSES, expense(expense_category="New", expected_amount="-1"))],
)
def test_an_invalid_form_creates_no_category(office: Client, alice: User, path: str, data: dict[str, Any]) -> None:
    assert office.post(f"{path}add/", {**data, "customer": str(alice.pk)}).status_code == 200
    assert not Category.objects.exists()


def test_a_category_in_use_is_not_deleted(office: Client, alice: User) -> None:
    TransactionFactory(user=alice, category="Food")
    page = office.post(f"/admin/finance/category/{Category.objects.get().pk}/delete/", {"post": "yes"}, follow=True)
    assert "Merge it into another one" in page.content.decode()
    assert Category.objects.exists()
