"""The history of a row and of a customer: each change with its actor, time, reason and former value."""

from typing import Any

import pytest
from django.test import Client

from core import context
from core.context import Role
from dev.factories import AccountFactory, AlertFactory, ProfileFactory
from system.models import AuditEvent
from tests.admin.conftest import SignedIn
from tests.admin.pages import page_url
from users.models import User, UserProfile
from users.staff_groups import assign_role

pytestmark = pytest.mark.django_db
LOG = "/admin/system/auditevent/"


def text_of(client: Client, path: str, **query: Any) -> str:
    return client.get(path, query).content.decode()


def test_it_shows_the_actor_both_values_and_the_reason(office: Client, alice: User, staff: User) -> None:
    profile = ProfileFactory(user=alice, first_name="Alicia")
    with context.action("request-1", actor_id=staff.pk, reason="Ticket 4711", role=Role.STAFF):
        profile.first_name = "Alice"
        profile.save()
    text = text_of(office, page_url(UserProfile, "history", profile.pk))
    assert "<del>Alicia</del>" in text
    assert ">Alice</ins>" in text
    assert staff.email in text
    assert "Ticket 4711" in text


def test_a_change_under_impersonation_names_both_users(office: Client, alice: User, staff: User) -> None:
    profile = ProfileFactory(user=alice)
    with context.action("request-1", actor_id=alice.pk, impersonator_id=staff.pk, role=Role.STAFF):
        UserProfile.objects.filter(pk=profile.pk).update(first_name="Alicia")
    assert f"{staff.email} as {alice.email}" in text_of(office, page_url(UserProfile, "history", profile.pk))


def test_a_change_by_a_job_names_the_job(office: Client, alice: User) -> None:
    with context.action("job-7", source="job system.tasks.send_reminders", role=Role.STAFF):
        profile = ProfileFactory(user=alice)
    assert "job system.tasks.send_reminders" in text_of(office, page_url(UserProfile, "history", profile.pk))


def test_encrypted_and_secret_values_are_not_shown(office: Client, alice: User) -> None:
    account = AccountFactory(user=alice, account_number="DE89370400440532013000")
    pages = [page_url(type(account), "history", account.pk), page_url(User, "history", alice.pk)]
    texts = [text_of(office, page) for page in pages]
    assert all("&lt;secret&gt;" in text for text in texts)
    assert all("\\x01" not in text and "argon2" not in text for text in texts)


def test_a_long_history_has_several_pages(office: Client, alice: User) -> None:
    profile = ProfileFactory(user=alice)
    for number in range(51):
        UserProfile.objects.filter(pk=profile.pk).update(city=f"Town {number:02}")
    page = page_url(UserProfile, "history", profile.pk)
    assert "Town 50" in text_of(office, page)
    assert "Town 00" not in text_of(office, page).replace("<del>Town 00</del>", "")
    assert ">Town 00</ins>" in text_of(office, page, p="2")


def test_the_history_of_a_missing_row_is_a_404(office: Client) -> None:
    assert office.get(page_url(UserProfile, "history", "01900000-0000-7000-8000-000000000001")).status_code == 404


def test_a_customers_page_links_to_the_customers_changes(office: Client, alice: User) -> None:
    AlertFactory(user=alice)
    assert f"{LOG}?user__id__exact={alice.pk}" in text_of(office, f"/admin/users/user/{alice.pk}/change/")


@pytest.mark.parametrize("key", ["row_key", "request_id"])
def test_a_change_is_found_by_its_row_and_by_its_request(key: str, office: Client, alice: User, bob: User) -> None:
    with context.action("request-4711", role=Role.STAFF):
        wanted = AlertFactory(user=alice)
    AlertFactory(user=bob)
    event = AuditEvent.objects.of_row("system_systemalert", wanted.pk).get()
    text = text_of(office, LOG, q=getattr(event, key))
    assert alice.email in text
    assert bob.email not in text


def test_changes_are_found_by_day(office: Client, alice: User) -> None:
    at = AuditEvent.objects.for_user(alice).latest("id").at
    assert alice.email in text_of(office, LOG, at_from=f"{at:%Y-%m-%d}", at_to=f"{at:%Y-%m-%d}")
    assert alice.email not in text_of(office, LOG, at_to="2020-01-01")


def test_the_page_of_a_change_shows_both_values(office: Client, alice: User) -> None:
    profile = ProfileFactory(user=alice, city="Boston")
    UserProfile.objects.filter(pk=profile.pk).update(city="Albany")
    event = AuditEvent.objects.of_row("users_userprofile", profile.pk).latest("id")
    text = text_of(office, f"{LOG}{event.pk}/change/")
    assert "<del>Boston</del>" in text
    assert ">Albany</ins>" in text


def test_the_history_shows_support_no_personal_value(alice: User, staff: User, signed_in: SignedIn) -> None:
    """Check a row's history, the audit log and the customer's page."""
    assign_role(staff, "support")
    profile = ProfileFactory(user=alice, city="Zqxcanary")
    event = AuditEvent.objects.of_row("users_userprofile", profile.pk).get(action="update")
    pages = [
        page_url(UserProfile, "history", profile.pk),
        page_url(AuditEvent, "change", event.pk),
        page_url(User, "change", alice.pk),
        f"{LOG}?user__id__exact={alice.pk}",
    ]
    responses = [signed_in(staff).get(page) for page in pages]
    assert {response.status_code for response in responses} <= {200, 403}
    assert responses[0].status_code == 200
    assert [page for page, response in zip(pages, responses, strict=True) if b"Zqxcanary" in response.content] == []
