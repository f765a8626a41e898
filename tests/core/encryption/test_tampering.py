"""Bytes that were edited, moved, or encrypted with a missing key."""

from collections.abc import Callable

import pytest
from pytest_django import Settings

from core.encryption.key_ring import MissingDataKeyError, TamperedError, UnknownKeyError
from tests.core.encryption.rows import SECRET, Account, Document, loaded, overwrite, stored
from users.models import User


@pytest.mark.parametrize(
    "change", [lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda b: b[:40], lambda _: b"", lambda b: b"\x03" + b[1:]]
)
def test_edited_bytes_are_refused(account: Account, change: Callable[[bytes], bytes]) -> None:
    overwrite(account, "number", change(stored(account, "number") or b""))
    with pytest.raises(TamperedError, match=r"^tests\.account\.number: "):
        _ = loaded(account).number


def test_a_value_of_another_row_is_refused(account: Account, alice: User) -> None:
    other = Account.objects.create(user=alice, number="OTHER")
    overwrite(account, "number", stored(other, "number"))
    with pytest.raises(TamperedError):
        _ = loaded(account).number


def test_a_value_of_another_column_is_refused(account: Account) -> None:
    overwrite(account, "number", stored(account, "routing"))
    with pytest.raises(TamperedError):
        _ = loaded(account).number


def test_a_row_moved_to_another_owner_by_sql_is_refused(account: Account, bob: User) -> None:
    Account.objects.create(user=bob, number="OTHER")
    Account.objects.filter(pk=account.pk).update(user=bob)
    with pytest.raises(TamperedError):
        _ = loaded(account).number


def test_a_row_moved_to_an_owner_without_a_key_is_refused(account: Account, bob: User) -> None:
    Account.objects.update(user=bob)
    with pytest.raises(MissingDataKeyError, match="or the row's owner was changed"):
        _ = loaded(account).number


def test_a_key_removed_from_the_ring_is_named(settings: Settings) -> None:
    document = loaded(Document.objects.create(text=SECRET))
    settings.FIELD_ENCRYPTION_KEYS = ["1e" * 32]
    with pytest.raises(UnknownKeyError, match="FIELD_ENCRYPTION_KEYS"):
        _ = document.text


def test_a_saved_row_is_reencrypted_with_the_primary_key(settings: Settings) -> None:
    document, unsaved = Document.objects.create(text=SECRET, body=[1]), Document.objects.create(text="OTHER")
    settings.FIELD_ENCRYPTION_KEYS = ["1e" * 32, "0d" * 32]
    loaded(document).save()
    settings.FIELD_ENCRYPTION_KEYS = ["1e" * 32]
    assert (loaded(document).text, loaded(document).body) == (SECRET, [1])
    with pytest.raises(UnknownKeyError):
        _ = loaded(unsaved).text


def test_a_bad_value_does_not_break_the_list(account: Account, alice: User) -> None:
    overwrite(account, "number", b"garbage")
    Account.objects.create(user=alice, number="GOOD")
    rows = {row.pk: row for row in Account.objects.all()}
    assert len(rows) == 2
    assert rows[account.pk].routing == "122105155"


def test_a_row_with_a_bad_value_can_be_saved(account: Account) -> None:
    overwrite(account, "number", b"garbage")
    row = loaded(account)
    row.nickname = "mine"
    row.save()
    assert (loaded(account).nickname, stored(account, "number")) == ("mine", b"garbage")


def test_a_bad_value_can_be_replaced(account: Account) -> None:
    overwrite(account, "number", b"garbage")
    row = loaded(account)
    row.number = SECRET
    row.save()
    assert loaded(account).number == SECRET
