"""When an account goes, everything of it goes, and nothing of anybody else's."""

from dev.factories import (
    IdempotencyKeyFactory,
    ImportRowFactory,
    OnboardingFactory,
    ProfileFactory,
    TokenFactory,
    TransactionFactory,
)
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImportRow
from users.models import User


def test_a_deleted_account_takes_its_own_rows_along(alice: User, bob: User) -> None:
    kept = TransactionFactory(user=bob)
    row = ImportRowFactory(user=alice, is_claim=True, verdict="created")
    spent = TransactionFactory(user=alice, financial_profile=row.account)
    StatementImportRow.objects.filter(pk=row.pk).update(transaction_id=spent.pk)
    things = [factory(user=alice) for factory in (ProfileFactory, OnboardingFactory, TokenFactory, IdempotencyKeyFactory)]
    alice.delete()
    assert not User.objects.filter(pk=row.user_id).exists()
    assert not StatementImportRow.objects.exists()
    assert list(FinancialTransaction.objects.all()) == [kept]
    assert list(EncryptedFinancialProfile.objects.all()) == [kept.financial_profile]
    assert [thing for thing in things if type(thing)._base_manager.filter(pk=thing.pk).exists()] == []
