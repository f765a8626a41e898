"""Deletion of an account with its rows, and without other users' rows."""

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


def test_a_deleted_account_deletes_its_own_rows_only(alice: User, bob: User) -> None:
    foreign = TransactionFactory(user=bob)
    row = ImportRowFactory(user=alice, is_claim=True, verdict="created")
    spent = TransactionFactory(user=alice, financial_profile=row.account)
    StatementImportRow.objects.filter(pk=row.pk).update(transaction_id=spent.pk)
    rows = [factory(user=alice) for factory in (ProfileFactory, OnboardingFactory, TokenFactory, IdempotencyKeyFactory)]
    alice.delete()
    assert not User.objects.filter(pk=row.user_id).exists()
    assert not StatementImportRow.objects.exists()
    assert list(FinancialTransaction.objects.all()) == [foreign]
    assert list(EncryptedFinancialProfile.objects.all()) == [foreign.financial_profile]
    assert [row for row in rows if type(row)._base_manager.filter(pk=row.pk).exists()] == []
