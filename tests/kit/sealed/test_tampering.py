"""What becomes of bytes that were edited, moved, or sealed with a key that is gone."""

from collections.abc import Callable

import pytest
from pytest_django import Settings

from mingus.kit.crypto import TamperedError, UnknownKeyError
from tests.kit.sealed.rows import SECRET, Account, loaded, overwrite, stored
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


def test_a_row_that_was_given_to_another_owner_in_the_database_is_refused(account: Account, bob: User) -> None:
    Account.objects.update(user=bob)
    with pytest.raises(TamperedError):
        _ = loaded(account).number


def test_a_key_that_left_the_ring_is_named(account: Account, settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["1e" * 32]
    with pytest.raises(UnknownKeyError, match="FIELD_ENCRYPTION_KEYS"):
        _ = account.number


def test_a_new_primary_key_leaves_old_values_readable_and_seals_new_ones(account: Account, settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["1e" * 32, "0d" * 32]
    account.routing = "021000021"
    account.save()
    numbers, routings = stored(account, "number") or b"", stored(account, "routing") or b""
    assert (loaded(account).number, loaded(account).routing) == (SECRET, "021000021")
    assert numbers[1:5] != routings[1:5]


def test_a_bad_row_breaks_one_field_and_not_the_list(account: Account, alice: User) -> None:
    overwrite(account, "number", b"garbage")
    Account.objects.create(user=alice, number="GOOD")
    rows = {row.pk: row for row in Account.objects.all()}
    assert len(rows) == 2
    assert rows[account.pk].routing == "122105155"


def test_a_bad_value_does_not_keep_the_rest_of_its_row_from_being_saved(account: Account) -> None:
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
