"""Data keys, which encrypt the values of one user each and are stored in the database."""

import os
from uuid import uuid4

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, Settings

from core import rls
from core.encryption import data_keys, key_ring
from core.encryption.key_ring import EncryptionError, MissingDataKeyError, TamperedError, UnknownKeyError
from core.models.base import DataKey
from dev.factories import AccountFactory
from finance.models import EncryptedFinancialProfile
from tests.core.encryption.rows import SECRET, Account, Document, field_of, loaded, overwrite, stored
from users.models import User

NEW_RING = ["1e" * 32]


def outcome(account: Account, blob: bytes) -> object:
    """Return the plaintext of `blob` as the account's number, or the class of the error."""
    try:
        return field_of(Account, "number").decrypt((account.pk, account.user_id), blob)
    except EncryptionError as error:
        return type(error)


def test_only_owned_values_are_encrypted_with_a_data_key(account: Account) -> None:
    document = Document.objects.create(text=SECRET)
    assert (stored(account, "number") or b"")[:1] == key_ring.DATA_KEY_VERSION
    assert (stored(document, "text") or b"")[:1] == key_ring.RING_KEY_VERSION


def test_all_values_of_a_user_are_encrypted_with_one_key(account: Account, alice: User, bob: User) -> None:
    rows = [account, Account.objects.create(user=alice, number="A"), Account.objects.create(user=bob, number="B")]
    first, second, third = (key_ring.key_id_of(stored(row, "number") or b"") for row in rows)
    assert first == second != third
    assert DataKey.objects.count() == 2


def test_a_value_encrypted_with_the_ring_moves_to_the_data_key(account: Account) -> None:
    associated_data = key_ring.encode_associated_data("tests.account.number", str(account.pk), str(account.user_id))
    overwrite(account, "number", key_ring.encrypt("tests.account.number", associated_data, b'"OLD"'))
    row = loaded(account)
    assert row.number == "OLD"
    loaded(account).save()
    assert (stored(account, "number") or b"")[:1] == key_ring.DATA_KEY_VERSION
    assert loaded(account).number == "OLD"


def test_a_rolled_back_key_encrypts_no_stored_value(alice: User) -> None:
    account = Account(user=alice, number=SECRET)
    with transaction.atomic():
        account.save()
        lost = DataKey.objects.get()
        transaction.set_rollback(True)
    account.save(force_insert=True)
    assert bytes(DataKey.objects.get().wrapped) != bytes(lost.wrapped)
    assert loaded(account).number == SECRET


def test_bytes_under_a_rolled_back_key_are_reencrypted(alice: User) -> None:
    account = Account.objects.create(user=alice)
    with transaction.atomic():
        written = loaded(account)
        written.number = SECRET
        written.save()
        unread = loaded(account)
        transaction.set_rollback(True)
    unread.save()
    assert loaded(account).number == SECRET
    assert key_ring.key_id_of(stored(account, "number") or b"") == data_keys.key_for_encryption(alice.pk).header[1:]


def test_a_key_of_a_rolled_back_savepoint_is_not_cached(alice: User) -> None:
    with data_keys.cached_in_transaction():
        with transaction.atomic():
            lost = data_keys.key_for_encryption(alice.pk)
            transaction.set_rollback(True)
        assert data_keys.key_for_encryption(alice.pk).header != lost.header


def test_a_value_can_not_be_decrypted_without_its_data_key(account: Account, alice: User) -> None:
    assert account.number == SECRET
    assert data_keys.destroy(alice) is True
    with pytest.raises(MissingDataKeyError, match="data key of user .* does not exist"):
        _ = loaded(account).number
    assert data_keys.destroy(alice) is False


def test_an_old_value_can_not_be_decrypted_with_a_later_key(account: Account, alice: User) -> None:
    dumped = stored(account, "number") or b""
    data_keys.destroy(alice)
    Account.objects.create(user=alice, number="NEW")
    assert outcome(account, dumped) is TamperedError


def test_a_row_of_an_erased_user_can_still_be_saved(account: Account, alice: User) -> None:
    data_keys.destroy(alice)
    row = loaded(account)
    row.nickname = "mine"
    row.save()
    assert loaded(account).nickname == "mine"


def test_a_missing_ring_key_of_a_data_key_is_named(
    account: Account, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_keys, "_cache", data_keys._Cache())
    settings.FIELD_ENCRYPTION_KEYS = NEW_RING
    with pytest.raises(UnknownKeyError, match="FIELD_ENCRYPTION_KEYS"):
        _ = account.number
    assert list(data_keys.unknown_ring_keys().values()) == [1]


def test_every_single_bit_flip_and_truncation_is_tampering(account: Account) -> None:
    blob = stored(account, "number") or b""
    flips = [(int.from_bytes(blob, "big") ^ (1 << bit)).to_bytes(len(blob), "big") for bit in range(8 * len(blob))]
    cuts = [blob[:length] for length in range(len(blob))]
    assert outcome(account, blob) == f'"{SECRET}"'.encode()
    assert [outcome(account, wrong) for wrong in [*flips, *cuts, blob + b"\0"]] == [TamperedError] * (9 * len(blob) + 1)


def test_a_value_with_another_version_or_key_id_is_tampered(account: Account) -> None:
    blob = stored(account, "number") or b""
    ring = key_ring.key_id_of(key_ring.primary_key().header)
    relabeled = [b"\x01" + blob[1:], b"\x01" + ring + blob[5:], b"\x02" + ring + blob[5:], b"\x02" + os.urandom(4) + blob[5:]]
    assert [outcome(account, wrong) for wrong in relabeled] == [TamperedError] * 4


def test_swapped_rows_columns_and_owners_are_tampered(account: Account, alice: User, bob: User) -> None:
    mine, theirs = (Account.objects.create(user=user, number="OTHER") for user in (alice, bob))
    other_column, other_row, other_owner = stored(account, "routing"), stored(mine, "number"), stored(theirs, "number")
    swapped = [other_column, other_row, other_owner]
    assert [outcome(account, blob or b"") for blob in swapped] == [TamperedError] * 3


@pytest.mark.usefixtures("account")
def test_data_keys_swapped_between_users_are_tampered(alice: User, bob: User) -> None:
    Account.objects.create(user=bob, number="OTHER")
    first, second = DataKey.objects.get(user=alice), DataKey.objects.get(user=bob)
    DataKey.objects.filter(pk=first.pk).update(wrapped=second.wrapped)
    DataKey.objects.filter(pk=second.pk).update(wrapped=first.wrapped)
    data_keys._cache.forget(alice.pk)
    data_keys._cache.forget(bob.pk)
    with pytest.raises(TamperedError):
        _ = Account.objects.get(user=alice).number
    with pytest.raises(TamperedError):
        Account.objects.create(user=bob, number="MORE")


def test_reading_a_list_of_50_costs_one_query_more(alice: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    AccountFactory.create_batch(50, user=alice)
    data_keys._cache.forget(alice.pk)
    with django_assert_num_queries(2):
        assert len([row.account_number for row in EncryptedFinancialProfile.objects.all()]) == 50


def test_reading_a_list_of_50_owners_costs_one_query_more(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    AccountFactory.create_batch(50)
    monkeypatch.setattr(data_keys, "_cache", data_keys._Cache())
    with django_assert_num_queries(2):
        assert len([row.account_number for row in EncryptedFinancialProfile.objects.all()]) == 50


def test_a_thousand_new_rows_query_the_data_key_once(
    alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    rows = AccountFactory.build_batch(1_000, user=alice)
    with django_assert_max_num_queries(4):
        EncryptedFinancialProfile.objects.bulk_create(rows)
    assert EncryptedFinancialProfile.objects.order_by("?").first().account_number == "000123456789"


def test_cached_keys_are_limited_in_number_and_time(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_keys, "CACHE_SIZE", 2)
    cache, key, owners = data_keys._Cache(), data_keys.key_for_encryption(account.user_id), [uuid4(), uuid4(), uuid4()]
    cache.put(owners[0], key.header, key)
    cache.put(owners[1], key.header, key)
    cache.put(owners[2], key.header, key)
    assert [cache.get(owner, key.header) for owner in owners] == [None, key, key]
    monkeypatch.setattr(data_keys, "CACHE_SECONDS", -1.0)
    cache.put(owners[1], key.header, key)
    assert cache.get(owners[1], key.header) is None


def test_no_representation_contains_a_key(account: Account) -> None:
    row = DataKey.objects.get()
    raw = data_keys.unwrap(account.user_id, bytes(row.wrapped))
    shown = f"{data_keys.key_for_encryption(account.user_id)!r} {row!r} {row} {row.to_dict()}"
    assert raw.hex() not in shown
    assert repr(raw) not in shown
    assert "wrapped" not in row.to_dict()


def test_a_customer_can_not_read_another_customers_key(account: Account, bob: User) -> None:
    data_keys._cache.forget(account.user_id)
    with rls.as_customer(bob):
        assert data_keys.get_key(account.user_id) is None
        assert DataKey.objects.count() == 0
