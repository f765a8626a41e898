"""Impersonation by support: with a reason, for half an hour, read-only, announced to the customer and logged."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from core import clock, context
from core.context import Role
from dev.factories import AttachmentFactory, ProfileFactory, TransactionFactory, UserFactory
from dev.routes import ROUTES
from system.models import AccessEvent, SystemAlert
from tests.security.conftest import StaffFactory, back_office_client
from users import impersonation, staff_groups
from users.models import Impersonation, User

pytestmark = pytest.mark.django_db
ME = "/api/v1/users/me/"
TRANSACTIONS = "/api/v1/finance/transactions/"
ATTACHMENTS = "/api/v1/finance/attachments/"
REASON = "Ticket 4711: a sum looks wrong"
CLOSED = [
    "users/sessions/",
    "users/sessions/end-others/",
    "users/sessions/<uuid:pk>/",
    "users/tokens/",
    "users/tokens/revoke-all/",
    "users/tokens/<uuid:pk>/",
    "users/me/export/",
    "users/me/export/<uuid:pk>/",
    "users/me/export/<uuid:pk>/download/",
    "users/me/import/",
]


def press(client: Client, user: User, button: str, **form: str) -> int:
    return int(client.post(f"/admin/users/user/{user.pk}/{button}/", {"_form_submitted": "True", **form}).status_code)


def test_it_returns_the_customers_responses(as_customer: APIClient, as_alice: APIClient, alice: User, bob: User) -> None:
    TransactionFactory(user=alice)
    TransactionFactory(user=bob)
    assert as_customer.get(TRANSACTIONS).json() == as_alice.get(TRANSACTIONS).json()
    assert as_customer.get(ME).json()["email"] == alice.email


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", [ME, TRANSACTIONS, "/api/v1/users/tokens/"])
def test_it_changes_nothing(method: str, path: str, as_customer: APIClient) -> None:
    response = getattr(as_customer, method)(path, {})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (403, "impersonation_read_only")


def test_credentials_cannot_be_read(as_customer: APIClient) -> None:
    response = as_customer.get("/api/v1/users/tokens/")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (403, "impersonation_closed")


def test_attachments_cannot_be_read(as_customer: APIClient, alice: User) -> None:
    row = AttachmentFactory(user=alice)
    for path in (ATTACHMENTS, f"{ATTACHMENTS}{row.pk}/", f"{ATTACHMENTS}{row.pk}/download/"):
        response = as_customer.get(path)
        assert (response.status_code, response.json()["errors"][0]["code"]) == (403, "impersonation_closed")


def test_changes_leave_out_what_is_closed(as_customer: APIClient, as_alice: APIClient, alice: User) -> None:
    AttachmentFactory(user=alice)
    path = "/api/v1/changes/"
    shown, own = (
        {change["type"] for change in client.get(path, {"limit": 200}).json()["changes"]} for client in (as_customer, as_alice)
    )
    assert own - shown == {"attachment"}
    response = as_customer.get(path, {"types": "attachment"})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (403, "impersonation_closed")


def test_every_users_route_is_listed_as_open_or_closed() -> None:
    """Require a decision for each new route below users/, which has sessions, second factors, exports and erasure."""
    routes = {str(route): route.view.closed_to_impersonation for route in ROUTES if str(route).startswith("users/")}
    open_ = ("users/me/", "users/profile/", "users/onboarding/")
    assert sorted(name for name, closed in routes.items() if closed) == sorted(CLOSED)
    assert [name for name, closed in routes.items() if not closed and not name.startswith(open_)] == []


def test_the_account_api_refuses_an_impersonation(as_customer: APIClient) -> None:
    assert as_customer.get("/_allauth/app/v1/auth/session").status_code == 401


def test_every_request_is_logged_with_both_ids(as_customer: APIClient, alice: User) -> None:
    as_customer.get(ME, headers={"X-Request-Id": "request-one"})
    as_customer.patch(ME, headers={"X-Request-Id": "request-two"})
    support = User.objects.get(email="support@example.com")
    events = (
        AccessEvent.objects.filter(request_id__startswith="request-")
        .order_by("pk")
        .values_list("user", "staff", "action", "what", "reason", "request_id")
    )
    assert list(events) == [
        (alice.pk, support.pk, "impersonate", f"GET {ME}", "Ticket 4711", "request-one"),
        (alice.pk, support.pk, "impersonate", f"PATCH {ME}", "Ticket 4711", "request-two"),
    ]


def test_statements_have_both_ids(as_customer: APIClient, alice: User) -> None:
    support = User.objects.get(email="support@example.com")
    contexts: list[Any] = []

    def record(execute: Any, sql: Any, *rest: Any) -> Any:
        now = context.current()
        contexts.append((now.role, now.owner_id, now.actor_id, now.impersonator_id, now.reason))
        return execute(sql, *rest)

    with connection.execute_wrapper(record):
        as_customer.get(TRANSACTIONS)
    assert (Role.CUSTOMER, alice.pk, alice.pk, support.pk, "Ticket 4711") in contexts


def test_the_customer_is_notified(as_customer: APIClient, alice: User) -> None:
    alert = SystemAlert.objects.get(user=alice)
    assert (alert.alert_type, "Ticket 4711" in alert.message) == ("security", True)
    assert AccessEvent.objects.filter(user=alice, action="impersonate", reason="Ticket 4711").exists()


def test_the_customer_reads_the_end_in_their_time_zone(administrator: User, alice: User) -> None:
    ProfileFactory(user=alice, timezone="Asia/Tokyo")
    with time_machine.travel("2026-03-03T15:10Z"):
        impersonation.start(customer=alice, staff=administrator, reason="Ticket 4711", now=clock.now())
    assert "until 2026-03-04 00:40 (Asia/Tokyo)." in SystemAlert.objects.get(user=alice).message


def test_it_lasts_thirty_minutes(as_customer: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=29))
    during = as_customer.get(ME).status_code
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=31))
    assert (during, as_customer.get(ME).status_code) == (200, 401)


@pytest.mark.parametrize("role", ["customer", "billing", "analyst"])
def test_it_ends_with_the_role(role: str, as_customer: APIClient) -> None:
    staff_groups.assign_role(User.objects.get(email="support@example.com"), role)
    assert as_customer.get(ME).status_code == 401


@pytest.mark.parametrize("change", [{"is_staff": True}, {"is_superuser": True}, {"is_active": False}])
def test_it_ends_when_the_user_is_no_customer_any_more(change: dict[str, bool], as_customer: APIClient, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(**change)
    assert as_customer.get(ME).status_code == 401


def test_it_ends_with_the_logout(as_customer: APIClient) -> None:
    office = back_office_client(User.objects.get(email="support@example.com"))
    office.post("/admin/logout/")
    assert as_customer.get(ME).status_code == 401


def test_it_ends_by_the_button(as_customer: APIClient, alice: User) -> None:
    office = back_office_client(User.objects.get(email="support@example.com"))
    assert press(office, alice, "end_impersonation") == 200
    assert as_customer.get(ME).status_code == 401


def test_the_button_shows_a_credential_once(alice: User, staff_member: StaffFactory) -> None:
    office = back_office_client(staff_member("support"))
    press(office, alice, "see_as_customer", reason=REASON)
    page = f"/admin/users/user/{alice.pk}/change/"
    first, second = office.get(page).content.decode(), office.get(page).content.decode()
    text = first.partition("Authorization: Impersonation ")[2].split()[0]
    client = APIClient(headers={"Authorization": f"Impersonation {text}"})
    assert client.get(ME).json()["email"] == alice.email
    assert text not in second
    assert not Impersonation.objects.filter(digest=text).exists()


def test_it_needs_a_reason(alice: User, staff_member: StaffFactory) -> None:
    press(back_office_client(staff_member("support")), alice, "see_as_customer", reason=" ")
    assert not Impersonation.objects.exists()


@pytest.mark.parametrize("power", ["is_staff", "is_superuser"])
def test_staff_are_never_impersonated(power: str, staff_member: StaffFactory) -> None:
    other = UserFactory.create(email="other@example.com", **{power: True})
    assert press(back_office_client(staff_member("support")), other, "see_as_customer", reason=REASON) == 403
    with pytest.raises(Exception, match="not staff accounts"):
        impersonation.start(customer=other, staff=staff_member("administrator"), reason=REASON, now=clock.now())


@pytest.mark.parametrize("role", ["billing", "analyst"])
def test_other_roles_may_not(role: str, alice: User, staff_member: StaffFactory) -> None:
    assert press(back_office_client(staff_member(role)), alice, "see_as_customer", reason=REASON) == 403


def test_a_staff_member_has_one_impersonation_at_a_time(as_customer: APIClient, bob: User) -> None:
    support = User.objects.get(email="support@example.com")
    impersonation.start(customer=bob, staff=support, reason=REASON, now=clock.now())
    assert as_customer.get(ME).status_code == 401
    assert Impersonation.objects.running_at(clock.now()).count() == 1


def test_it_opens_no_back_office(as_customer: APIClient) -> None:
    assert as_customer.get("/admin/users/user/").status_code == 302


@pytest.mark.parametrize("text", ["", "mgi_", "mgi_wrong", "mgs_" + "0" * 64, "mgi_ü"])
def test_a_wrong_credential_is_refused(text: str, db: None) -> None:
    assert APIClient(headers={"Authorization": f"Impersonation {text}"}).get(ME).status_code == 401
