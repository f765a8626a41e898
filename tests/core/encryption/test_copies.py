"""Copies and pickles of rows with encrypted values."""

# ruff: noqa: S301 - the pickles are the test's own

import copy
import pickle
from collections.abc import Callable

import pytest

from core.encryption.key_ring import EncryptionError
from tests.core.encryption.rows import SECRET, Account, Document, loaded


def test_a_pickle_of_an_unread_row_contains_ciphertext(account: Account) -> None:
    pickled = pickle.dumps(account)
    assert SECRET.encode() not in pickled
    assert pickle.loads(pickled).number == SECRET


def test_a_pickle_of_a_read_row_contains_ciphertext(account: Account) -> None:
    assert account.number == SECRET
    pickled = pickle.dumps(account)
    assert SECRET.encode() not in pickled
    assert pickle.loads(pickled).number == SECRET


def test_a_pickle_of_a_changed_row_is_refused(account: Account) -> None:
    account.number = "CANARY"
    with pytest.raises(EncryptionError, match="Save the row first"):
        pickle.dumps(account)


def test_a_pickle_of_a_changed_row_works_after_it_was_saved(account: Account) -> None:
    account.number = "CANARY"
    account.save()
    pickled = pickle.dumps(account)
    assert b"CANARY" not in pickled
    assert pickle.loads(pickled).number == "CANARY"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_validated_without_changing_the_original(account: Account, copied: Callable[[Account], Account]) -> None:
    other = copied(account)
    other.number = "OTHER"
    other.full_clean()
    assert (account.number, other.number) == (SECRET, "OTHER")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_changed_row_contains_the_change(account: Account, copied: Callable[[Account], Account]) -> None:
    account.number = "OTHER"
    other = copied(account)
    other.save()
    assert loaded(account).number == "OTHER"


def test_a_deep_copy_has_its_own_json() -> None:
    document = loaded(Document.objects.create(body={"a": [1]}))
    assert document.body
    copy.deepcopy(document).body["a"].append(2)
    assert document.body == {"a": [1]}
