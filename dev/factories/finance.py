"""Money."""

from datetime import date
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from dev.factories.users import UserFactory
from finance.models import (
    DueDatePayment,
    EncryptedFinancialProfile,
    FinancialTransaction,
    IncomeProjection,
    StatementImport,
    StatementImportRow,
    UserExpenseDueDate,
    UserIncomeDueDate,
)


class AccountFactory(DjangoModelFactory):
    class Meta:
        model = EncryptedFinancialProfile

    user = factory.SubFactory(UserFactory)
    profile_name = factory.Sequence(lambda number: f"Account {number}")
    profile_type = "checking"
    account_number = "000123456789"


class TransactionFactory(DjangoModelFactory):
    class Meta:
        model = FinancialTransaction

    user = factory.SubFactory(UserFactory)
    financial_profile = factory.SubFactory(AccountFactory, user=factory.SelfAttribute("..user"))
    transaction_type = "expense"
    amount = factory.Sequence(lambda number: Decimal(-100 - number) / 100)
    description = factory.Sequence(lambda number: f"Purchase {number}")
    transaction_date = date(2026, 3, 1)
    metadata = factory.LazyFunction(lambda: {"source": "factory"})


class ImportFactory(DjangoModelFactory):
    class Meta:
        model = StatementImport

    user = factory.SubFactory(UserFactory)
    account = factory.SubFactory(AccountFactory, user=factory.SelfAttribute("..user"))
    format = "csv"
    file_digest = "0" * 64


class ImportRowFactory(DjangoModelFactory):
    class Meta:
        model = StatementImportRow

    user = factory.SubFactory(UserFactory)
    account = factory.SubFactory(AccountFactory, user=factory.SelfAttribute("..user"))
    statement_import = factory.SubFactory(
        ImportFactory, user=factory.SelfAttribute("..user"), account=factory.SelfAttribute("..account")
    )
    number = factory.Sequence(lambda number: number + 1)
    verdict = "duplicate"


class IncomeDueDateFactory(DjangoModelFactory):
    class Meta:
        model = UserIncomeDueDate

    user = factory.SubFactory(UserFactory)
    income_source = factory.Sequence(lambda number: f"Employer {number}")
    expected_amount = Decimal("2500.00")
    due_date = date(2026, 1, 31)
    frequency = "monthly"


class ExpenseDueDateFactory(DjangoModelFactory):
    class Meta:
        model = UserExpenseDueDate

    user = factory.SubFactory(UserFactory)
    expense_name = factory.Sequence(lambda number: f"Bill {number}")
    expense_category = "rent"
    expected_amount = Decimal("1200.00")
    due_date = date(2026, 1, 31)
    frequency = "monthly"


class PaymentFactory(DjangoModelFactory):
    """A record by itself: the due date does not know of it. Tests of payments record them through the services."""

    class Meta:
        model = DueDatePayment

    user = factory.SubFactory(UserFactory)
    expense = factory.SubFactory(ExpenseDueDateFactory, user=factory.SelfAttribute("..user"))
    occurrence_date = date(2026, 1, 31)
    expected_amount = Decimal("1200.00")
    amount = Decimal("100.00")
    paid_on = date(2026, 1, 30)
    transaction = factory.SubFactory(TransactionFactory, user=factory.SelfAttribute("..user"))


class ProjectionFactory(DjangoModelFactory):
    class Meta:
        model = IncomeProjection

    user = factory.SubFactory(UserFactory)
    projection_date = date(2026, 3, 1)
    current_income = Decimal("75000.00")
    projected_income_1_year = Decimal("78225.00")
    projected_income_3_years = Decimal("85096.99")
    projected_income_5_years = Decimal("92572.67")
    growth_rate = Decimal("4.30")
    factors = factory.LazyFunction(lambda: {"source": "factory"})
