"""User feedback, which customers write and read, and staff resolve in the back office."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.test import Client
from rest_framework.test import APIClient

from analytics import services
from analytics.models import UserFeedback
from core.errors import ConflictError, DomainError
from dev.factories import FeedbackFactory, ProfileFactory
from tests.conftest import ClientFor
from tests.sign_in import sign_in
from users.models import User

URL = "/api/v1/analytics/feedback/"
PAGES = "/admin/analytics/userfeedback/"
FEEDBACK = {"feedback_type": "bug", "rating": 2, "feedback_text": "The import stops."}
NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
YES = {"_form_submitted": "True"}


@pytest.fixture(autouse=True)
def noon() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveler:
        yield traveler


@pytest.fixture
def office(administrator: User) -> Client:
    client = Client()
    sign_in(client, administrator)
    return client


def state_of(row: UserFeedback) -> tuple[str, datetime | None]:
    row.refresh_from_db()
    return row.status, row.resolved_at


def test_the_default_date_is_the_writers_day(alice: User, api: ClientFor) -> None:
    ProfileFactory(user=alice, timezone="Pacific/Auckland")
    client = api(alice)
    assert client.post(URL, FEEDBACK).json()["feedback_date"] == "2026-11-23"
    assert client.post(URL, FEEDBACK | {"feedback_date": "2026-11-01"}).json()["feedback_date"] == "2026-11-01"


def test_fields_of_the_staff_are_ignored(as_alice: APIClient, staff: User) -> None:
    own = {"status": "closed", "priority": "critical", "resolution_notes": "done", "resolved_at": "2026-01-01T00:00:00Z"}
    response = as_alice.post(URL, FEEDBACK | own | {"assigned_to": str(staff.pk)})
    row = UserFeedback.objects.get()
    assert response.status_code == 201
    assert (row.status, row.priority, row.assigned_to, row.resolution_notes, row.resolved_at) == (
        "open",
        "medium",
        None,
        "",
        None,
    )


def test_the_writer_can_read_the_resolution_only(as_alice: APIClient, alice: User) -> None:
    row: Any = FeedbackFactory(user=alice)
    services.resolve_feedback(row, notes="Fixed in 0.3.", now=NOW)
    found = as_alice.get(f"{URL}{row.pk}/").json()
    assert (found["status"], found["is_resolved"], found["resolution_notes"]) == ("resolved", True, "Fixed in 0.3.")
    assert as_alice.patch(f"{URL}{row.pk}/", {"rating": 5}).status_code == 405
    assert as_alice.delete(f"{URL}{row.pk}/").status_code == 405


@pytest.mark.parametrize(("field", "value"), [("rating", 0), ("rating", 6), ("rating", "good"), ("feedback_type", "praise")])
def test_a_bad_value_is_refused_at_its_field(field: str, value: Any, as_alice: APIClient) -> None:
    response = as_alice.post(URL, FEEDBACK | {field: value})
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, field)


def test_resolving_sets_the_time_and_reopening_clears_it(alice: User) -> None:
    row = FeedbackFactory.create(user=alice)
    services.resolve_feedback(row, notes="Done.", now=NOW)
    assert state_of(row) == ("resolved", NOW)
    services.reopen_feedback(row, now=NOW)
    assert state_of(row) == ("open", None)
    assert row.resolution_notes == "Done."


def test_a_change_to_the_present_state_is_a_conflict(alice: User) -> None:
    row = FeedbackFactory.create(user=alice)
    with pytest.raises(ConflictError):
        services.reopen_feedback(row, now=NOW)
    services.resolve_feedback(row, notes="", now=NOW)
    with pytest.raises(ConflictError):
        services.resolve_feedback(row, notes="", now=NOW)


def test_only_staff_can_be_assigned(alice: User, bob: User, staff: User) -> None:
    row = FeedbackFactory.create(user=alice)
    services.assign_feedback(row, assignee=staff)
    assert row.assigned_to == staff
    with pytest.raises(DomainError):
        services.assign_feedback(row, assignee=bob)
    with pytest.raises(ValidationError, match="staff member"):
        UserFeedback(user=alice, assigned_to=bob).clean()


def test_feedback_remains_when_its_assignee_is_deleted(alice: User, staff: User) -> None:
    row = FeedbackFactory.create(user=alice, assigned_to=staff)
    staff.delete()
    row.refresh_from_db()
    assert row.assigned_to is None


@pytest.mark.parametrize(("status", "stamp"), [("resolved", NOW), ("closed", NOW), ("in_progress", None)])
def test_a_status_chosen_on_the_page_sets_the_time(status: str, stamp: datetime | None, office: Client, alice: User) -> None:
    row = FeedbackFactory.create(user=alice)
    form = {"status": status, "priority": "high", "assigned_to": "", "resolution_notes": "Seen."}
    response = office.post(f"{PAGES}{row.pk}/change/", form)
    assert response.status_code == 302
    assert state_of(row) == (status, stamp)


def test_closing_resolved_feedback_keeps_the_time(office: Client, alice: User, noon: Any) -> None:
    row = FeedbackFactory.create(user=alice, status="resolved", resolved_at=NOW)
    noon.shift(86_400)
    office.post(f"{PAGES}{row.pk}/change/", {"status": "closed", "priority": "low", "assigned_to": "", "resolution_notes": ""})
    assert state_of(row) == ("closed", NOW)


def test_a_customer_can_not_be_chosen_as_the_assignee(office: Client, alice: User) -> None:
    row = FeedbackFactory.create(user=alice)
    form = {"status": "open", "priority": "low", "assigned_to": str(alice.pk), "resolution_notes": ""}
    response = office.post(f"{PAGES}{row.pk}/change/", form)
    assert "Choose a staff member" in response.content.decode()


def test_the_customers_text_can_not_be_changed(office: Client, alice: User) -> None:
    row = FeedbackFactory.create(user=alice, feedback_text="Mine")
    form = {
        "status": "open",
        "priority": "low",
        "assigned_to": "",
        "resolution_notes": "",
        "feedback_text": "Theirs",
        "rating": "5",
    }
    office.post(f"{PAGES}{row.pk}/change/", form)
    row.refresh_from_db()
    assert (row.feedback_text, row.rating, row.priority) == ("Mine", 2, "low")


def test_support_can_add_feedback_for_a_customer(office: Client, alice: User) -> None:
    form = {"customer": str(alice.pk), "feedback_date": "2026-11-20", "feedback_type": "support", "feedback_text": "By phone"}
    more = {"rating": "", "category": "", "status": "closed", "priority": "low", "assigned_to": "", "resolution_notes": ""}
    response = office.post(f"{PAGES}add/", form | more)
    row = UserFeedback.objects.get()
    assert response.status_code == 302
    assert (row.user, row.feedback_date, row.resolved_at) == (alice, date(2026, 11, 20), NOW)


def test_the_buttons_resolve_reopen_and_assign(office: Client, alice: User, administrator: User) -> None:
    row = FeedbackFactory.create(user=alice)
    office.post(f"{PAGES}{row.pk}/take/", YES)
    office.post(f"{PAGES}{row.pk}/resolve/", YES)
    assert state_of(row) == ("resolved", NOW)
    assert row.assigned_to == administrator
    office.post(f"{PAGES}{row.pk}/reopen/", YES)
    assert state_of(row) == ("open", None)


def test_selected_feedback_is_resolved_unless_it_is_already(office: Client, alice: User) -> None:
    rows = [FeedbackFactory.create(user=alice), FeedbackFactory.create(user=alice, status="closed", resolved_at=NOW)]
    body = {"action": "resolve_selected", "_selected_action": [str(row.pk) for row in rows], "index": "0"}
    text = office.post(PAGES, body, follow=True).content.decode()
    assert [state_of(row)[0] for row in rows] == ["resolved", "closed"]
    assert "already resolved" in text


def test_staff_with_view_permission_can_not_resolve(staff: User, alice: User) -> None:
    row = FeedbackFactory.create(user=alice)
    staff.user_permissions.set(Permission.objects.filter(codename="view_userfeedback"))
    client = Client()
    sign_in(client, staff)
    client.post(f"{PAGES}{row.pk}/resolve/", YES)
    assert state_of(row) == ("open", None)


def test_a_customers_page_shows_the_newest_feedback(office: Client, alice: User, bob: User) -> None:
    FeedbackFactory(user=alice, feedback_text="The tea is cold", status="in_progress")
    FeedbackFactory(user=bob, feedback_text="The tea is hot")
    text = office.get(f"/admin/users/user/{alice.pk}/change/").content.decode()
    assert "The tea is cold" in text
    assert "The tea is hot" not in text
