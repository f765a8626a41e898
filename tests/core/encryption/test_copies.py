"""Copies and pickles of rows with sealed values."""

# ruff: noqa: S301 - the pickles are the test's own

import copy
import pickle
from collections.abc import Callable

import pytest

from core.encryption.key_ring import EncryptionError
from tests.core.encryption.rows import SECRET, Account, Answer, loaded


def test_a_pickle_of_a_row_nobody_read_holds_ciphertext(account: Account) -> None:
    pickled = pickle.dumps(account)
    assert SECRET.encode() not in pickled
    assert pickle.loads(pickled).number == SECRET


def test_a_pickle_of_a_row_that_was_read_holds_ciphertext(account: Account) -> None:
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
def test_a_copy_is_validated_without_touching_the_original(account: Account, copied: Callable[[Account], Account]) -> None:
    other = copied(account)
    other.number = "OTHER"
    other.full_clean()
    assert (account.number, other.number) == (SECRET, "OTHER")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_changed_row_holds_the_change(account: Account, copied: Callable[[Account], Account]) -> None:
    account.number = "OTHER"
    other = copied(account)
    other.save()
    assert loaded(account).number == "OTHER"


def test_a_deep_copy_has_json_of_its_own() -> None:
    answer = loaded(Answer.objects.create(body={"a": [1]}))
    assert answer.body
    copy.deepcopy(answer).body["a"].append(2)
    assert answer.body == {"a": [1]}
