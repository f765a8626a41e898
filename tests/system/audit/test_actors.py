"""Actor, request, job or command of audit events, for every way to change a row."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.test import Client
from rest_framework.test import APIClient

from core import context, rls
from core.context import Role
from dev.factories import AlertFactory, ImportantDateFactory, ProfileFactory
from dev.factories.users import PASSWORD
from system.models import AuditEvent
from tests.sign_in import sign_in
from users.models import User

pytestmark = pytest.mark.django_db


def latest_event(row: Any) -> AuditEvent:
    """Return the latest event of a row."""
    return AuditEvent.objects.of_row(row._meta.db_table, row.pk).latest("id")


def test_a_customer_through_the_api(alice: User, as_alice: APIClient) -> None:
    response = as_alice.post(
        "/api/v1/system/important-dates/", {"date_name": "Rent", "date_type": "financial", "date_value": "2026-12-01"}
    )
    event = AuditEvent.objects.of_row("system_importantdate", response.json()["id"]).get()
    assert (event.actor, event.user, event.source, event.role) == (alice, alice, "", "mingus_customer")
    assert event.request_id == response.headers["X-Request-Id"]


def test_a_staff_member_through_the_back_office(administrator: User, client: Client) -> None:
    sign_in(client, administrator)
    row = ImportantDateFactory()
    response = client.post(f"/admin/system/importantdate/{row.pk}/delete/", {"post": "yes"})
    event = latest_event(row)
    assert response.status_code == 302
    assert (event.action, event.actor, event.user, event.role) == ("delete", administrator, row.user, "mingus_staff")
    assert event.request_id == response.headers["X-Request-Id"]


def test_rows_deleted_by_a_cascade(alice: User) -> None:
    profile = ProfileFactory(user=alice)
    with context.action("request-1", actor_id=alice.pk, role=Role.STAFF):
        alice.delete()
    event = latest_event(profile)
    assert (event.action, event.actor_id, event.request_id) == ("delete", event.user_id, "request-1")


def test_a_login(alice: User, client: Client) -> None:
    login = {"email": alice.email, "password": PASSWORD}
    response = client.post("/_allauth/app/v1/auth/login", login, content_type="application/json")
    event = latest_event(alice)
    assert (event.actor, event.user, event.role) == (None, alice, "mingus_accounts")
    assert event.request_id == response.headers["X-Request-Id"]


@pytest.fixture
def verified(alice: User) -> User:
    """Return alice with a verified email address, so that a login starts a session."""
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    return alice


def password_change(user: User) -> AuditEvent:
    events = AuditEvent.objects.of_row("users_user", user.pk).order_by("-id")
    return next(event for event in events if "password" in event.changes)


def test_an_app_that_changes_the_password(verified: User, client: Client) -> None:
    login = {"email": verified.email, "password": PASSWORD}
    response = client.post("/_allauth/app/v1/auth/login", login, content_type="application/json")
    headers = {"X-Session-Token": response.json()["meta"]["session_token"]}
    change = {"current_password": PASSWORD, "new_password": "another horse battery staple"}
    client.post("/_allauth/app/v1/account/password/change", change, content_type="application/json", headers=headers)
    event = password_change(verified)
    assert (event.action, event.actor) == ("update", verified)
    assert event.changes["password"] == ["<secret>", "<secret>"]


def test_a_browser_that_changes_the_password(verified: User, client: Client) -> None:
    client.force_login(verified)
    change = {"current_password": PASSWORD, "new_password": "another horse battery staple"}
    client.post("/_allauth/browser/v1/account/password/change", change, content_type="application/json")
    event = password_change(verified)
    assert (event.action, event.actor) == ("update", verified)


def test_a_migration_by_the_owner_of_the_tables() -> None:
    with context.action("command-1", source="command migrate"), rls.as_login_role():
        group = Group.objects.create(name="helpers")
    event = latest_event(group)
    assert (event.source, event.request_id, event.role, event.user_id) == ("command migrate", "command-1", "none", None)


def test_a_statement_without_context_has_the_database_user(alice: User) -> None:
    event = latest_event(AlertFactory(user=alice))
    assert (event.source, event.request_id, event.actor_id) == ("", "", None)
    assert event.database_user
