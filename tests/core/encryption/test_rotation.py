"""`manage.py rotate_field_keys`, which reencrypts values of former keys and formats."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from core.encryption import data_keys, key_ring
from core.encryption.fields import Ciphertext
from core.encryption.rotation import TableRotation, column_under_former_keys, tables_to_rotate
from core.models.base import DataKey
from dev.factories import AccountFactory
from finance.models import EncryptedFinancialProfile
from tests.core.encryption.rows import SECRET, Account, Document, field_of, loaded, overwrite, stored
from users.models import User

OLD, NEW = "0d" * 32, "1e" * 32


def under_the_ring(row: Any, label: str, text: str) -> bytes:
    """Return a value as encrypted before data keys existed."""
    return key_ring.encrypt(label, key_ring.encode_associated_data(label, str(row.pk), str(row.user_id)), f'"{text}"'.encode())


@pytest.fixture
def old_account(settings: Settings) -> EncryptedFinancialProfile:
    """Return an account from before data keys and indexes, and set a new ring."""
    account = AccountFactory(routing_number="122105155")
    value = Ciphertext(under_the_ring(account, "finance.account_number", "DE021203"))
    EncryptedFinancialProfile.objects.update(account_number=value, account_number_index=None)
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    return EncryptedFinancialProfile.objects.get()


def test_it_includes_every_encrypted_column_and_data_keys() -> None:
    names = {column.name for table in tables_to_rotate() for column in table.columns}
    assert names >= {"core.DataKey.wrapped", "core.IdempotencyKey.response", "finance.EncryptedFinancialProfile.routing_number"}


def test_it_reencrypts_values_and_data_keys(
    old_account: EncryptedFinancialProfile, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_command("rotate_field_keys")
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    monkeypatch.setattr(data_keys, "_cache", data_keys._Cache())
    row = EncryptedFinancialProfile.objects.get()
    assert (row.account_number, row.routing_number) == ("DE021203", "122105155")
    assert EncryptedFinancialProfile.objects.with_number(row.user_id, "de02-1203").get() == row
    assert bytes(DataKey.objects.get().wrapped)[:5] == key_ring.primary_key().header


def test_it_does_not_change_updated_at(old_account: EncryptedFinancialProfile) -> None:
    call_command("rotate_field_keys")
    assert EncryptedFinancialProfile.objects.get().updated_at == old_account.updated_at
    assert DataKey.objects.get().updated_at == DataKey.objects.get().created_at


def test_later_changes_set_updated_at_again(old_account: EncryptedFinancialProfile) -> None:
    call_command("rotate_field_keys")
    EncryptedFinancialProfile.objects.update(institution_name="Other")
    assert EncryptedFinancialProfile.objects.get().updated_at > old_account.updated_at


@pytest.mark.usefixtures("old_account")
def test_it_is_idempotent(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("rotate_field_keys")
    call_command("rotate_field_keys")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("2 rows were re-encrypted")
    assert second.startswith("0 rows were re-encrypted")


def test_a_dry_run_counts_by_column_and_key_and_changes_nothing(
    old_account: EncryptedFinancialProfile, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stored(old_account, "account_number")
    call_command("rotate_field_keys", dry_run=True)
    counts = [line.split() for line in capsys.readouterr().out.splitlines()]
    former = key_ring.key_id_of(before or b"").hex()
    assert ["finance.EncryptedFinancialProfile.account_number", "key", former, "1"] in counts
    assert ["core.DataKey.wrapped", "key", former, "1"] in counts
    assert stored(old_account, "account_number") == before


def test_a_value_that_can_not_be_decrypted_is_named(
    old_account: EncryptedFinancialProfile, capsys: pytest.CaptureFixture[str]
) -> None:
    other = AccountFactory()
    EncryptedFinancialProfile.objects.filter(pk=other.pk).update(account_number=Ciphertext(b"\x01" + b"garbage" * 9))
    with pytest.raises(CommandError, match="1 values can't be decrypted"):
        call_command("rotate_field_keys")
    assert f"finance.EncryptedFinancialProfile {other.pk}, account_number: finance.account_number: " in capsys.readouterr().err
    assert (stored(old_account, "account_number") or b"")[:1] == key_ring.DATA_KEY_VERSION


@pytest.mark.usefixtures("old_account")
def test_a_missing_key_is_an_error(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    monkeypatch.setattr(data_keys, "_cache", data_keys._Cache())
    with pytest.raises(CommandError, match="values can't be decrypted"):
        call_command("rotate_field_keys")


def test_the_index_of_an_erased_number_is_erased() -> None:
    account = AccountFactory()
    EncryptedFinancialProfile.objects.update(account_number=None)
    call_command("rotate_field_keys")
    account.refresh_from_db()
    assert account.account_number_index is None


def test_values_without_an_owner_are_reencrypted(settings: Settings) -> None:
    rows = [Document.objects.create(text=f"{SECRET}{number}", body=[number]) for number in range(5)]
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    columns = [column_under_former_keys(field_of(Document, name)) for name in ("text", "body", "amount", "day")]
    outcome = TableRotation(Document, columns).run(int)
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert (outcome.reencrypted, outcome.busy, outcome.failed) == (5, 0, {})
    assert [(loaded(row).text, loaded(row).body) for row in rows] == [(f"{SECRET}{n}", [n]) for n in range(5)]
    assert TableRotation(Document, columns).run(int).reencrypted == 0


def test_a_former_value_of_an_erased_owner_stays_readable(account: Account, alice: User) -> None:
    overwrite(account, "number", under_the_ring(account, "tests.account.number", "OLD"))
    data_keys.destroy(alice)
    outcome = TableRotation(Account, [column_under_former_keys(field_of(Account, "number"))]).run(int)
    assert outcome.reencrypted == 1
    assert loaded(account).number == "OLD"


def test_a_new_secret_key_does_not_affect_values(account: Account, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    row = AccountFactory()
    settings.SECRET_KEY = "another secret key altogether, of fifty characters or more"
    monkeypatch.setattr(data_keys, "_cache", data_keys._Cache())
    assert loaded(account).number == SECRET
    assert EncryptedFinancialProfile.objects.with_number(row.user_id, "000123456789").get().account_number == "000123456789"
