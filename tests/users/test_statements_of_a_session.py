"""The statements of a signed-in request: one for the session with its user, and one for the permissions of staff."""

from typing import Any

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dev.factories import UserFactory
from tests.sign_in import sign_in
from users.backends import EmailBackend
from users.models import User
from users.roles import ROLES
from users.staff_groups import assign_role

PLAIN = "/api/v1/billing/feature-access/explanation/?feature_name=api_access"  # not compiled


@pytest.fixture(params=[True, False], ids=["compiled", "by the ORM"])
def fast_lists(request: pytest.FixtureRequest, settings: Any) -> bool:
    settings.FAST_LISTS = request.param
    return bool(request.param)


def stored_permissions(user: User) -> set[str]:
    return ModelBackend().get_all_permissions(User.objects.get(pk=user.pk))


@pytest.mark.parametrize("role", ROLES)
def test_the_permissions_of_a_role_are_those_that_django_finds(role: str, staff: User, fast_lists: bool) -> None:
    assign_role(staff, role)
    staff.user_permissions.add(Permission.objects.get(codename="delete_session"))
    user = User.objects.get(pk=staff.pk)
    with CaptureQueriesContext(connection) as queries:
        found = [EmailBackend().get_all_permissions(user) for _ in range(2)]
    assert found == [stored_permissions(staff)] * 2
    assert "sessions.delete_session" in found[0]
    if fast_lists and not user.is_superuser:  # all permissions are one statement of Django's
        assert ["$1" in query["sql"] for query in queries if "auth_permission" in query["sql"]] == [True]


def test_the_permissions_of_one_user_are_not_those_of_another(staff: User, fast_lists: bool) -> None:
    other = UserFactory.create(is_staff=True)
    assign_role(other, "support")
    assert EmailBackend().get_all_permissions(staff) == set()
    assert EmailBackend().get_all_permissions(other) == stored_permissions(other) != set()


def test_an_administrator_has_all_permissions_and_a_disabled_account_none(administrator: User, fast_lists: bool) -> None:
    assert EmailBackend().get_all_permissions(administrator) == stored_permissions(administrator) != set()
    disabled = UserFactory.create(is_staff=True, is_active=False)
    assign_role(disabled, "support")
    assert EmailBackend().get_all_permissions(disabled) == set()


def test_a_session_opens_the_account_until_it_ends(alice: User, fast_lists: bool) -> None:
    client = Client()
    sign_in(client, alice)
    statuses = [client.get("/api/v1/users/me/").status_code for _ in range(2)]
    User.objects.filter(pk=alice.pk).update(is_active=False)
    statuses.append(client.get("/api/v1/users/me/").status_code)
    User.objects.filter(pk=alice.pk).update(is_active=True)
    client.session.flush()
    assert [*statuses, client.get("/api/v1/users/me/").status_code] == [200, 200, 401, 401]


def statements(client: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in queries if query["sql"].startswith("SELECT")]


@pytest.mark.parametrize("kind", ["cookie", "session token"])
def test_a_session_and_its_user_are_read_by_one_prepared_statement(alice: User, kind: str) -> None:
    client = Client()
    sign_in(client, alice)
    if kind == "session token":
        client = Client(headers={"X-Session-Token": str(client.session.session_key)})
    client.get(PLAIN)
    found = statements(client, PLAIN)
    (read,) = [sql for sql in found if 'FROM "users_usersession"' in sql]
    assert "$1" in read
    assert [sql for sql in found if 'FROM "users_user"' in sql] == []


@pytest.mark.parametrize("kind", ["cookie", "session token"])
def test_a_changed_password_ends_the_session_that_was_read_with_its_user(alice: User, kind: str) -> None:
    client = Client()
    sign_in(client, alice)
    if kind == "session token":
        client = Client(headers={"X-Session-Token": str(client.session.session_key)})
    statuses = [client.get(PLAIN).status_code]
    User.objects.filter(pk=alice.pk).update(password="!changed in SQL, which ends no session")
    assert [*statuses, client.get(PLAIN).status_code, client.get(PLAIN).status_code] == [200, 401, 401]


def test_a_compiled_read_is_one_statement_for_the_caller_and_one_for_the_rows(alice: User) -> None:
    client = Client()
    sign_in(client, alice)
    for path in ("/api/v1/finance/accounts/", "/api/v1/users/me/"):
        client.get(path)
        found = statements(client, path)
        assert [sql for sql in found if "$1" not in sql] == []
        assert len(found) == 2
