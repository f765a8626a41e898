"""Money."""

from datetime import date
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport, StatementImportRow
from tests.factories.users import UserFactory


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
