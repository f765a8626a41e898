"""The rows of an import belong to its owner and its account."""

import pytest
from django.db import IntegrityError, transaction

from dev.factories import AccountFactory, ImportFactory, ImportRowFactory
from finance.models import EncryptedFinancialProfile, StatementImportRow
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("other", ["account", "user", "statement_import"])
def test_a_row_has_the_owner_and_the_account_of_its_import(alice: User, bob: User, other: str) -> None:
    row = ImportRowFactory(user=alice)
    others = {"account": AccountFactory(user=alice), "user": bob, "statement_import": ImportFactory(user=alice)}
    with pytest.raises(IntegrityError, match="statement_import_owner"), transaction.atomic():
        StatementImportRow.objects.filter(pk=row.pk).update(**{other: others[other]})


def test_an_account_is_deleted_with_its_imports_and_their_rows(alice: User) -> None:
    deleted, kept = ImportRowFactory(user=alice), ImportRowFactory(user=alice)
    deleted.account.delete()
    assert list(StatementImportRow.objects.all()) == [kept]
    assert list(EncryptedFinancialProfile.objects.all()) == [kept.account]
