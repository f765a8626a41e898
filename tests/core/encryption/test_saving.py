"""Reencryption of values when their row is saved."""

import copy
import uuid

import pytest
from django.db import models, transaction
from django.db.models.functions import Upper

from core.encryption.key_ring import EncryptionError, TamperedError
from tests.core.encryption.rows import SECRET, Account, Counted, loaded, stored
from users.models import User


def test_an_unread_value_keeps_its_bytes(account: Account) -> None:
    before = stored(account, "number")
    account.save()
    assert stored(account, "number") == before


def test_a_read_value_keeps_its_bytes(account: Account) -> None:
    before = stored(account, "number")
    assert account.number
    account.save()
    assert stored(account, "number") == before


def test_a_value_that_is_set_to_the_same_keeps_its_bytes(account: Account) -> None:
    before = stored(account, "number")
    account.number = SECRET
    account.save()
    assert stored(account, "number") == before


def test_full_clean_keeps_the_bytes(account: Account) -> None:
    before = stored(account, "number")
    account.full_clean()
    account.save()
    assert stored(account, "number") == before


def test_a_refreshed_row_keeps_its_bytes(account: Account) -> None:
    before = stored(account, "number")
    account.refresh_from_db()
    account.save()
    assert stored(account, "number") == before


def test_a_row_that_is_saved_twice_keeps_its_bytes(alice: User) -> None:
    account = Account.objects.create(user=alice, number=SECRET)
    before = stored(account, "number")
    account.save()
    assert stored(account, "number") == before


def test_a_changed_value_gets_new_bytes(account: Account) -> None:
    account.number = "OTHER"
    account.save()
    assert loaded(account).number == "OTHER"


def test_bulk_create_encrypts(alice: User) -> None:
    rows = Account.objects.bulk_create([Account(user=alice, number=f"{SECRET}{place}") for place in range(3)])
    assert [loaded(row).number for row in rows] == [f"{SECRET}0", f"{SECRET}1", f"{SECRET}2"]


def test_update_or_create_encrypts(account: Account) -> None:
    Account.objects.update_or_create(pk=account.pk, defaults={"number": "OTHER"})
    assert loaded(account).number == "OTHER"


@pytest.mark.parametrize("value", [SECRET, "", 5, models.F("routing"), Upper("nickname"), models.Value(SECRET)])
def test_update_accepts_only_none_and_names_the_remedy(account: Account, value: object) -> None:
    before = stored(account, "number")
    with pytest.raises(EncryptionError, match=r"Use save\(\) or bulk_create\(\)\."), transaction.atomic():
        Account.objects.filter(pk=account.pk).update(number=value)
    assert stored(account, "number") == before


def test_update_may_erase(account: Account) -> None:
    Account.objects.update(number=None)
    assert stored(account, "number") is None


def test_bulk_update_is_refused_with_the_remedy(account: Account) -> None:
    account.number = "OTHER"
    with pytest.raises(EncryptionError, match=r"Use save\(\) or bulk_create\(\)\."):
        Account.objects.bulk_update([account], ["number"])


def test_bulk_update_of_other_fields_works(account: Account) -> None:
    account.nickname = "mine"
    Account.objects.bulk_update([account], ["nickname"])
    assert (loaded(account).nickname, loaded(account).number) == ("mine", SECRET)


def test_a_key_generated_by_the_database_is_refused() -> None:
    with pytest.raises(EncryptionError, match="primary key, which is not set"):
        Counted.objects.create(text=SECRET)


def test_values_of_rows_with_text_keys_are_decrypted(alice: User) -> None:
    account = Account.objects.create(pk=str(uuid.uuid4()).upper(), user_id=str(alice.pk).upper(), number=SECRET)
    assert loaded(account).number == SECRET


def test_an_unread_value_moves_to_a_new_owner(account: Account, bob: User) -> None:
    account.user = bob
    account.save()
    assert loaded(account).number == SECRET


def test_a_read_value_moves_to_a_new_owner(account: Account, bob: User) -> None:
    assert account.number
    account.user = bob
    account.save()
    assert loaded(account).number == SECRET


def test_a_copied_row_is_bound_to_its_own_key(account: Account) -> None:
    original = copy.copy(account)
    account.pk, account._state.adding = uuid.uuid4(), True
    account.save()
    assert (loaded(account).number, loaded(original).number) == (SECRET, SECRET)


@pytest.mark.usefixtures("account")
def test_bytes_of_another_row_are_not_inserted(alice: User) -> None:
    foreign = Account.objects.values_list("number", flat=True).get()
    with pytest.raises(TamperedError):
        Account.objects.create(user=alice, number=foreign)


def test_bytes_of_another_row_are_not_saved(account: Account, alice: User) -> None:
    other = Account.objects.create(user=alice)
    other.number = Account.objects.values_list("number", flat=True).get(pk=account.pk)
    with pytest.raises(TamperedError):
        other.save()
