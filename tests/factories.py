"""The cast and their things, built by factory_boy."""

from datetime import date
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport, StatementImportRow
from mingus.kit.models import IdempotencyKey
from users.models import OnboardingProgress, PersonalAccessToken, User, UserProfile

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"person{number}@example.com")
    is_verified = True
    password = factory.django.Password(PASSWORD)


class ProfileFactory(DjangoModelFactory):
    class Meta:
        model = UserProfile

    user = factory.SubFactory(UserFactory)
    first_name = "Alice"
    last_name = "Archer"
    zip_code = "10001"


class OnboardingFactory(DjangoModelFactory):
    class Meta:
        model = OnboardingProgress

    user = factory.SubFactory(UserFactory)
    step_name = factory.Sequence(lambda number: f"step {number}")
    step_order = factory.Sequence(lambda number: number + 1)


class TokenFactory(DjangoModelFactory):
    class Meta:
        model = PersonalAccessToken

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda number: f"token {number}")

    @classmethod
    def _create(cls, model_class, *args, **kwargs):  # type: ignore[no-untyped-def]
        token, text = model_class.objects.create(*args, **kwargs)
        token.text = text
        return token


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


class IdempotencyKeyFactory(DjangoModelFactory):
    class Meta:
        model = IdempotencyKey

    user = factory.SubFactory(UserFactory)
    key = factory.Sequence(lambda number: f"key-{number}")
    fingerprint = b"0" * 32


FACTORIES = {
    item._meta.model: item
    for item in (
        UserFactory,
        ProfileFactory,
        OnboardingFactory,
        TokenFactory,
        AccountFactory,
        TransactionFactory,
        ImportFactory,
        ImportRowFactory,
        IdempotencyKeyFactory,
    )
}
