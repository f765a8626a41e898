"""Commits and savepoints, which are sent without a cursor: they behave as Django's."""

from os import dup
from socket import SHUT_RDWR, socket
from uuid import uuid4

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core.postgres.failures import UNAVAILABLE, failure_of
from dev.factories import UserFactory
from users.models import PersonalAccessToken, User

pytestmark = pytest.mark.django_db(transaction=True)


def emails() -> list[str]:
    return sorted(User.objects.filter(email__endswith="@savepoint.example").values_list("email", flat=True))


def create(name: str) -> User:
    return UserFactory.create(email=f"{name}@savepoint.example")


def fail_in_savepoint() -> None:
    with transaction.atomic():
        create("undone")
        raise ZeroDivisionError


def test_a_savepoint_is_released_or_rolled_back_alone() -> None:
    with transaction.atomic():
        create("outer")
        with transaction.atomic():
            create("inner")
        with pytest.raises(ZeroDivisionError):
            fail_in_savepoint()
    assert emails() == ["inner@savepoint.example", "outer@savepoint.example"]


def test_a_savepoint_may_be_the_first_statement_of_a_transaction() -> None:
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError):
            fail_in_savepoint()
        create("kept")
    assert emails() == ["kept@savepoint.example"]


def test_after_a_failed_statement_the_savepoint_is_rolled_back() -> None:
    with transaction.atomic():
        user = create("first")
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(pk=user.pk, email="second@savepoint.example")
        create("third")
    assert emails() == ["first@savepoint.example", "third@savepoint.example"]


def fail_at_the_commit() -> None:
    with transaction.atomic():
        create("undone")
        PersonalAccessToken.objects.create(user=User(pk=uuid4()), name="without an owner", scope="read")


def test_a_constraint_that_fails_at_the_commit_is_djangos_error_and_undoes_everything() -> None:
    with pytest.raises(IntegrityError, match="foreign key"):
        fail_at_the_commit()
    assert emails() == []


def lose_the_connection() -> None:
    with transaction.atomic():
        create("lost")
        with socket(fileno=dup(connection.connection.fileno())) as copied:
            copied.shutdown(SHUT_RDWR)


def test_a_commit_on_a_lost_connection_is_djangos_error() -> None:
    with pytest.raises(OperationalError) as raised:
        lose_the_connection()
    assert failure_of(raised.value) == UNAVAILABLE
    connection.close()
    assert emails() == []


def test_logged_statements_contain_them() -> None:
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        create("logged")
        with transaction.atomic():
            create("again")
    found = [query["sql"].split()[0] for query in queries]
    assert {"SAVEPOINT", "RELEASE", "COMMIT"} <= set(found)
