"""Row-level security of statements in nested and failed transactions."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, connections, transaction

from core import context, rls
from dev.factories import AccountFactory
from finance.models import EncryptedFinancialProfile as Account
from users.models import PersonalAccessToken, User


@pytest.fixture(autouse=True)
def accounts(alice: User, bob: User) -> None:
    AccountFactory(user=alice, profile_name="alice")
    AccountFactory(user=bob, profile_name="bob")


def visible_names() -> set[str]:
    return set(Account.objects.values_list("profile_name", flat=True))


def query_and_fail() -> None:
    visible_names()
    raise ZeroDivisionError


def test_the_login_role_sees_nothing() -> None:
    with rls.as_login_role():
        assert visible_names() == set()


def test_a_customer_sees_their_own_rows(alice: User) -> None:
    with rls.as_customer(alice):
        assert visible_names() == {"alice"}


def test_the_accounts_role_sees_users_and_nothing_else() -> None:
    with rls.as_accounts():
        assert User.objects.count() == 2
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            visible_names()


def test_staff_see_all_rows(alice: User) -> None:
    with rls.as_customer(alice), rls.as_staff():
        assert visible_names() == {"alice", "bob"}


def test_the_former_role_returns(alice: User, bob: User) -> None:
    with rls.as_customer(alice):
        with rls.as_customer(bob):
            assert visible_names() == {"bob"}
        assert visible_names() == {"alice"}
    assert visible_names() == {"alice", "bob"}


def test_the_former_role_returns_after_a_failure(alice: User, bob: User) -> None:
    with rls.as_customer(alice), transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic(), rls.as_customer(bob):
            query_and_fail()
        assert visible_names() == {"alice"}


def test_a_failed_statement_keeps_the_role(alice: User) -> None:
    with rls.as_customer(alice), transaction.atomic():
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        assert visible_names() == {"alice"}


def test_a_rolled_back_savepoint_restores_the_role(alice: User, bob: User) -> None:
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic(), rls.as_customer(bob):
            query_and_fail()
        with rls.as_customer(alice):
            assert visible_names() == {"alice"}


def test_a_foreign_row_is_neither_changed_nor_deleted(alice: User) -> None:
    with rls.as_customer(alice):
        assert Account.objects.filter(profile_name="bob").update(profile_name="taken") == 0
        assert Account.objects.filter(profile_name="bob").delete()[0] == 0
    assert visible_names() == {"alice", "bob"}


def test_a_row_is_not_created_for_another_customer(alice: User, bob: User) -> None:
    with rls.as_customer(alice), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        AccountFactory(user=bob)


def test_a_row_is_not_moved_to_another_customer(alice: User, bob: User) -> None:
    with rls.as_customer(alice), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        Account.objects.filter(profile_name="alice").update(user=bob)


def test_a_customer_cannot_become_staff(alice: User) -> None:
    with rls.as_customer(alice), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        User.objects.filter(pk=alice.pk).update(is_staff=True)


def test_a_customer_reads_no_other_users(alice: User) -> None:
    with rls.as_customer(alice):
        assert list(User.objects.all()) == [alice]
        assert list(PersonalAccessToken.objects.all()) == []


@pytest.mark.django_db(transaction=True)
def test_a_statement_outside_of_a_transaction_has_the_role(alice: User) -> None:
    with rls.as_customer(alice):
        assert visible_names() == {"alice"}
        assert [row.profile_name for row in Account.objects.iterator(chunk_size=1)] == ["alice"]
        Account.objects.create(user=alice, profile_name="second", profile_type="savings")
        assert visible_names() == {"alice", "second"}


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_on_a_connection(alice: User) -> None:
    with rls.as_customer(alice):
        visible_names()
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role'), current_setting('app.user_id', true)")
        assert cursor.fetchone() == ("none", "")


@pytest.mark.django_db(transaction=True)
def test_a_thread_begins_with_the_login_role(alice: User) -> None:
    def query_names() -> set[str]:
        try:
            return visible_names()
        finally:
            connections.close_all()

    with rls.as_customer(alice), ThreadPoolExecutor(1) as threads:
        assert threads.submit(query_names).result() == set()


def test_a_streamed_response_keeps_its_role(alice: User, bob: User) -> None:
    def names() -> Iterator[set[str]]:
        yield visible_names()
        yield visible_names()

    with rls.as_customer(alice):
        stream = rls.iterate_in_context(names())
    with rls.as_customer(bob):
        assert next(stream) == {"alice"}
        assert visible_names() == {"bob"}
        assert next(stream) == {"alice"}


@pytest.mark.django_db(transaction=True)
def test_a_transaction_can_set_its_characteristics_first(alice: User) -> None:
    with context.action("job-1", source="job export"), rls.as_customer(alice), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        assert visible_names() == {"alice"}
