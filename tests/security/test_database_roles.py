"""Statements reach the rows that their action may reach, and no others, however transactions are nested and fail."""

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
    AccountFactory(user=alice, profile_name="hers")
    AccountFactory(user=bob, profile_name="his")


def seen() -> set[str]:
    return set(Account.objects.values_list("profile_name", flat=True))


def seen_in_vain() -> None:
    seen()
    raise ZeroDivisionError


def test_code_that_says_nothing_sees_nothing() -> None:
    with rls.as_login_role():
        assert seen() == set()


def test_a_customer_sees_her_own(alice: User) -> None:
    with rls.as_customer(alice):
        assert seen() == {"hers"}


def test_sign_up_and_login_see_accounts_and_nothing_else() -> None:
    with rls.as_accounts():
        assert User.objects.count() == 2
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            seen()


def test_everybody_is_a_choice(alice: User) -> None:
    with rls.as_customer(alice), rls.as_staff():
        assert seen() == {"hers", "his"}


def test_the_former_reach_returns(alice: User, bob: User) -> None:
    with rls.as_customer(alice):
        with rls.as_customer(bob):
            assert seen() == {"his"}
        assert seen() == {"hers"}
    assert seen() == {"hers", "his"}


def test_the_former_reach_returns_after_a_failure(alice: User, bob: User) -> None:
    with rls.as_customer(alice), transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic(), rls.as_customer(bob):
            seen_in_vain()
        assert seen() == {"hers"}


def test_a_failed_statement_leaves_the_reach(alice: User) -> None:
    with rls.as_customer(alice), transaction.atomic():
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        assert seen() == {"hers"}


def test_a_savepoint_that_begins_under_one_reach_ends_under_another(alice: User, bob: User) -> None:
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic(), rls.as_customer(bob):
            seen_in_vain()
        with rls.as_customer(alice):
            assert seen() == {"hers"}


def test_a_foreign_row_is_neither_changed_nor_deleted(alice: User) -> None:
    with rls.as_customer(alice):
        assert Account.objects.filter(profile_name="his").update(profile_name="taken") == 0
        assert Account.objects.filter(profile_name="his").delete()[0] == 0
    assert seen() == {"hers", "his"}


def test_a_row_is_not_made_for_another(alice: User, bob: User) -> None:
    with rls.as_customer(alice), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        AccountFactory(user=bob)


def test_a_row_is_not_given_to_another(alice: User, bob: User) -> None:
    with rls.as_customer(alice), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        Account.objects.filter(profile_name="hers").update(user=bob)


def test_a_customer_makes_no_one_an_administrator(alice: User) -> None:
    with rls.as_customer(alice), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        User.objects.filter(pk=alice.pk).update(is_staff=True)


def test_a_customer_reads_no_catalogue_of_accounts(alice: User) -> None:
    with rls.as_customer(alice):
        assert list(User.objects.all()) == [alice]
        assert list(PersonalAccessToken.objects.all()) == []


@pytest.mark.django_db(transaction=True)
def test_a_statement_outside_of_a_transaction_has_its_reach_too(alice: User) -> None:
    with rls.as_customer(alice):
        assert seen() == {"hers"}
        assert [row.profile_name for row in Account.objects.iterator(chunk_size=1)] == ["hers"]
        Account.objects.create(user=alice, profile_name="second", profile_type="savings")
        assert seen() == {"hers", "second"}


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_on_a_connection(alice: User) -> None:
    with rls.as_customer(alice):
        seen()
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role'), current_setting('app.user_id', true)")
        assert cursor.fetchone() == ("none", "")


@pytest.mark.django_db(transaction=True)
def test_a_thread_begins_without_a_reach(alice: User) -> None:
    def look() -> set[str]:
        try:
            return seen()
        finally:
            connections.close_all()

    with rls.as_customer(alice), ThreadPoolExecutor(1) as threads:
        assert threads.submit(look).result() == set()


def test_a_streamed_answer_keeps_the_reach_it_was_made_with(alice: User, bob: User) -> None:
    def names() -> Iterator[set[str]]:
        yield seen()
        yield seen()

    with rls.as_customer(alice):
        stream = rls.iterate_in_context(names())
    with rls.as_customer(bob):
        assert next(stream) == {"hers"}
        assert seen() == {"his"}
        assert next(stream) == {"hers"}


@pytest.mark.django_db(transaction=True)
def test_a_transaction_may_say_first_what_it_is(alice: User) -> None:
    with context.action("job-1", source="job export"), rls.as_customer(alice), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        assert seen() == {"hers"}
