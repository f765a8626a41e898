"""Factories of the finance models."""

from decimal import Decimal
from typing import Any

import factory

from core import clock, rls
from dev.factories.times import day_from_now
from dev.factories.users import OwnedFactory
from finance.models import (
    Category,
    DueDatePayment,
    EncryptedFinancialProfile,
    FinancialTransaction,
    IncomeProjection,
    Payee,
    StatementImport,
    StatementImportRow,
    Tag,
    UserExpenseDueDate,
    UserIncomeDueDate,
)
from finance.services.names import resolve_categories, resolve_payees, resolve_tags


def category_of(user: Any, name: str) -> str:
    """Return the slug of the user's category with this name, which is created if there is none."""
    with rls.as_customer(user):
        return resolve_categories(user.pk, {name: "expense"})[name]


class CategoryFactory(OwnedFactory):
    class Meta:
        model = Category

    name = factory.Sequence(lambda number: f"Category {number}")
    slug = factory.Sequence(lambda number: f"category-{number}")


class TagFactory(OwnedFactory):
    class Meta:
        model = Tag

    name = factory.Sequence(lambda number: f"Tag {number}")


class PayeeFactory(OwnedFactory):
    class Meta:
        model = Payee

    name = factory.Sequence(lambda number: f"Payee {number}")


class AccountFactory(OwnedFactory):
    """An account without a balance. One that gets a balance gets its day and source, too."""

    class Meta:
        model = EncryptedFinancialProfile

    profile_name = factory.Sequence(lambda number: f"Account {number}")
    profile_type = "checking"
    account_number = "000123456789"
    account_balance = None
    balance_date = factory.LazyAttribute(lambda row: None if row.account_balance is None else clock.now().date())
    balance_source = factory.LazyAttribute(lambda row: "" if row.account_balance is None else "user")


class TransactionFactory(OwnedFactory):
    class Meta:
        model = FinancialTransaction

    financial_profile = factory.SubFactory(AccountFactory, user=factory.SelfAttribute("..user"))
    transaction_type = "expense"
    amount = factory.Sequence(lambda number: Decimal(-100 - number) / 100)
    description = factory.Sequence(lambda number: f"Purchase {number}")
    transaction_date = day_from_now(-9)
    metadata = factory.LazyFunction(lambda: {"source": "factory"})

    @classmethod
    def _adjust_kwargs(cls, **kwargs: Any) -> dict[str, Any]:
        """Create the category, payee and tags that the transaction names."""
        owner = kwargs["user"]
        with rls.as_customer(owner):
            category, payee, tags = kwargs.get("category", ""), kwargs.get("payee", ""), kwargs.get("tags", [])
            kwargs["category"] = resolve_categories(owner.pk, {category: "expense"})[category]
            kwargs["payee"] = resolve_payees(owner.pk, [payee])[payee]
            kwargs["tags"] = [resolve_tags(owner.pk, tags)[tag] for tag in tags]
        return kwargs


class ImportFactory(OwnedFactory):
    class Meta:
        model = StatementImport

    account = factory.SubFactory(AccountFactory, user=factory.SelfAttribute("..user"))
    format = "csv"
    file_digest = "0" * 64
    options = factory.LazyFunction(lambda: {"invert": False, "encoding": "", "date_order": "", "decimal": ""})
    balance_reason = "no_balance"


class ImportRowFactory(OwnedFactory):
    class Meta:
        model = StatementImportRow

    account = factory.SubFactory(AccountFactory, user=factory.SelfAttribute("..user"))
    statement_import = factory.SubFactory(
        ImportFactory, user=factory.SelfAttribute("..user"), account=factory.SelfAttribute("..account")
    )
    number = factory.Sequence(lambda number: number + 1)
    verdict = "duplicate"


class IncomeDueDateFactory(OwnedFactory):
    class Meta:
        model = UserIncomeDueDate

    income_source = factory.Sequence(lambda number: f"Employer {number}")
    expected_amount = Decimal("2500.00")
    due_date = day_from_now(-38)
    frequency = "monthly"


class ExpenseDueDateFactory(OwnedFactory):
    class Meta:
        model = UserExpenseDueDate

    expense_name = factory.Sequence(lambda number: f"Bill {number}")
    expense_category = factory.LazyAttribute(lambda row: category_of(row.user, "rent"))
    expected_amount = Decimal("1200.00")
    due_date = day_from_now(-38)
    frequency = "monthly"


class PaymentFactory(OwnedFactory):
    """A payment that its due date does not reflect. Tests of payments record them through the services."""

    class Meta:
        model = DueDatePayment

    expense = factory.SubFactory(ExpenseDueDateFactory, user=factory.SelfAttribute("..user"))
    occurrence_date = day_from_now(-38)
    expected_amount = Decimal("1200.00")
    amount = Decimal("100.00")
    currency = factory.SelfAttribute("expense.currency")
    paid_on = day_from_now(-39)
    transaction = factory.SubFactory(TransactionFactory, user=factory.SelfAttribute("..user"))


class ProjectionFactory(OwnedFactory):
    class Meta:
        model = IncomeProjection

    projection_date = day_from_now(-9)
    current_income = Decimal("75000.00")
    projected_income_1_year = Decimal("78225.00")
    projected_income_3_years = Decimal("85096.99")
    projected_income_5_years = Decimal("92572.67")
    growth_rate = Decimal("4.30")
    factors = factory.LazyFunction(lambda: {"source": "factory"})
