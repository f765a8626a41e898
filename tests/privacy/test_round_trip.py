"""Exports imported into an empty account and exported again, compared byte by byte."""

import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core import clock, rls
from core.privacy.declarations import Restore
from dev.factories import AccountFactory, CategoryFactory, ImportRowFactory, PaymentFactory, TransactionFactory, UserFactory
from finance.models import Category, EncryptedFinancialProfile, FinancialTransaction, StatementImportRow
from finance.services import create_default_categories, merge_names
from finance.services.transactions import restore_from_tombstones
from tests.privacy.conftest import OURS, create_rows, data_files, rows_in, zip_of
from users.models import User
from users.privacy import archive
from users.privacy.policies import exported, restored, rows_of
from users.privacy.restore import restore


@pytest.fixture
def empty(db: None) -> User:
    return UserFactory.create(email="empty@example.com")


@pytest.fixture
def full(alice: User) -> User:
    create_rows(alice)
    return alice


def test_every_model_of_a_user_is_exported(full: User) -> None:
    data = zip_of(full)
    assert [model for model in OURS if not rows_of(model, full).exists()] == []
    assert [model for model in exported() if rows_of(model, full).count() != len(rows_in(data, model._meta.label))] == []


def test_the_same_rows_are_exported_as_the_same_bytes(full: User) -> None:
    assert zip_of(full) == zip_of(full)


def test_a_customers_import_restores_the_same_bytes(full: User, empty: User) -> None:
    before = zip_of(full)
    with rls.as_customer(empty):
        restore(empty, io.BytesIO(before))
    assert data_files(zip_of(empty), "data") == data_files(before, "data")
    assert data_files(zip_of(empty), "service") != data_files(before, "service")


def test_an_operators_import_also_restores_service_rows(full: User, empty: User) -> None:
    before = zip_of(full)
    restore(empty, io.BytesIO(before), by=Restore.OPERATOR)
    assert data_files(zip_of(empty), "data", "service") == data_files(before, "data", "service")
    assert [model for model in restored(Restore.OPERATOR) if not rows_of(model, empty).exists()] == []


def test_the_first_account_stays_as_it_was(full: User, empty: User) -> None:
    before = zip_of(full)
    restore(empty, io.BytesIO(before), by=Restore.OPERATOR)
    assert zip_of(full) == before


def test_references_are_correct_across_batches(alice: User, empty: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "BATCH", 7)
    account = AccountFactory(user=alice)
    payments = [
        PaymentFactory(user=alice, transaction=TransactionFactory(user=alice, financial_profile=account)) for _ in range(20)
    ]
    FinancialTransaction.objects.filter(pk=payments[4].transaction_id).update(created_at=datetime(2020, 1, 1, tzinfo=UTC))
    before = zip_of(alice)
    restore(empty, io.BytesIO(before))
    assert data_files(zip_of(empty), "data") == data_files(before, "data")


def test_categories_come_back_with_their_parents_and_merged_rows(alice: User, empty: User) -> None:
    """The child is written before its parent, as the rows of an export are in the order of their keys."""
    child, parent, merged = (CategoryFactory(user=alice, name=name, slug=name.lower()) for name in ("Child", "Parent", "Old"))
    Category.objects.filter(pk=child.pk).update(parent=parent)
    TransactionFactory(user=alice, category="old", payee="Shop", tags=["a", "b"], note="n")
    merge_names(merged=Category.objects.get(pk=merged.pk), into=Category.objects.get(pk=child.pk), now=clock.now())
    create_default_categories(empty.pk)
    before = zip_of(alice)
    with rls.as_customer(empty):
        restore(empty, io.BytesIO(before))
    assert data_files(zip_of(empty), "data") == data_files(before, "data")


def test_amounts_keep_the_decimals_of_their_currency(alice: User, empty: User) -> None:
    TransactionFactory(user=alice, currency="JPY", amount="-1234")
    TransactionFactory(user=alice, currency="KWD", amount="-500.555")
    TransactionFactory(user=alice, currency="HRK", amount="-12.30")
    PaymentFactory(user=alice, expense__currency="JPY", expense__expected_amount="1200", amount="100", expected_amount="1200")
    before = zip_of(alice)
    restore(empty, io.BytesIO(before))
    assert data_files(zip_of(empty), "data") == data_files(before, "data")
    restored = FinancialTransaction.objects.filter(user=empty).exclude(currency="USD").order_by("created_at")
    assert [str(row.amount) for row in restored] == ["-1234", "-500.555", "-12.30"]


def test_account_numbers_are_encrypted_for_the_new_row(alice: User, empty: User) -> None:
    AccountFactory(user=alice, account_number="000987654321")
    data = zip_of(alice)
    restore(empty, io.BytesIO(data))
    assert rows_in(data, "finance.EncryptedFinancialProfile")[0]["account_number"] == "000987654321"
    assert EncryptedFinancialProfile.objects.get(user=empty).account_number == "000987654321"


def test_texts_that_look_like_references_stay_texts(alice: User, empty: User) -> None:
    account = AccountFactory(user=alice)
    values = {
        "a": "@account",
        "b": ["@@x", "@finance_financialtransaction/1"],
        "c": str(account.pk),
        "d": str(alice.pk),
        "@e": 1.5,
    }
    TransactionFactory(user=alice, financial_profile=account, metadata=values)
    before = zip_of(alice)
    restore(empty, io.BytesIO(before))
    copied = EncryptedFinancialProfile.objects.get(user=empty)
    metadata = FinancialTransaction.objects.get(user=empty).metadata
    assert metadata == values | {"c": str(copied.pk), "d": str(empty.pk)}
    assert data_files(zip_of(empty), "data") == data_files(before, "data")


@pytest.mark.parametrize(
    ("amount", "currency"), [("-2.00", "USD"), ("-1.50", "USD"), ("-7", "JPY"), ("-9999999999999.110", "KWD")]
)
def test_a_deleted_transaction_can_be_restored_after_an_import(alice: User, empty: User, amount: str, currency: str) -> None:
    row = ImportRowFactory(user=alice, is_claim=True, verdict="created")
    spent = TransactionFactory(user=alice, financial_profile=row.account, amount=Decimal(amount), currency=currency)
    StatementImportRow.objects.filter(pk=row.pk).update(transaction_id=spent.pk)
    spent.delete()
    before = zip_of(alice)
    restore(empty, io.BytesIO(before))
    copy = StatementImportRow.objects.get(user=empty)
    assert copy.transaction_id is not None
    restore_from_tombstones(user_id=empty.pk, keys=[copy.transaction_id])
    restored_one = FinancialTransaction.objects.get(pk=copy.transaction_id)
    assert copy.transaction_id != spent.pk
    assert (restored_one.user_id, restored_one.amount) == (empty.pk, spent.amount)


def test_an_export_has_no_data_of_other_users(full: User, bob: User) -> None:
    create_rows(bob, 1)
    texts = b"".join(data_files(zip_of(full), "data", "service", "account").values()).decode()
    foreign = [str(key) for model in OURS for key in rows_of(model, bob).values_list("pk", flat=True)]
    assert [key for key in [*foreign, str(bob.pk), bob.email] if key in texts] == []
    assert str(full.pk) not in texts


def test_no_secret_is_in_an_export(full: User) -> None:
    texts = b"".join(data_files(zip_of(full), "data", "service", "account").values()).decode()
    secrets = [full.password, *full.auth_token_set.values_list("digest", flat=True)]
    assert [secret for secret in secrets if secret in texts] == []
