"""Decryption of values when they are first read."""

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.core.encryption.rows import SECRET, Account, loaded, stored


@pytest.mark.usefixtures("account")
def test_a_list_that_does_not_read_the_field_decrypts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("core.encryption.key_ring.decrypt")
    assert [row.nickname for row in Account.objects.all()] == [""]


def test_a_value_is_decrypted_once(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    assert account.number == SECRET
    monkeypatch.delattr("core.encryption.key_ring.decrypt")
    assert account.number == SECRET


@pytest.mark.usefixtures("account")
def test_reading_a_list_takes_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        assert [row.number for row in Account.objects.all()] == [SECRET]


@pytest.mark.usefixtures("account")
def test_a_deferred_value_takes_one_more_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    row = Account.objects.defer("number").get()
    with django_assert_num_queries(1):
        assert row.number == SECRET


@pytest.mark.usefixtures("account")
def test_a_row_loaded_with_only_the_value_is_decrypted() -> None:
    assert Account.objects.only("number").get().number == SECRET


def test_saving_a_row_does_not_change_a_deferred_value(account: Account) -> None:
    before = stored(account, "number")
    Account.objects.defer("number").get().save()
    assert stored(account, "number") == before


def test_refresh_from_db_loads_the_new_value(account: Account) -> None:
    assert account.number == SECRET
    row = loaded(account)
    row.number = "OTHER"
    row.save()
    account.refresh_from_db()
    assert account.number == "OTHER"


def test_a_deleted_attribute_is_loaded_again(account: Account) -> None:
    account.number = "unsaved"
    del account.number
    assert account.number == SECRET


def test_from_db_returns_a_row_that_can_be_decrypted(account: Account) -> None:
    number = Account.objects.values_list("number", flat=True).get()
    row = Account.from_db("default", ["id", "user_id", "nickname", "number"], [account.pk, account.user_id, "", number])
    assert row.number == SECRET
