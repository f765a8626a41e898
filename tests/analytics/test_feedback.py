"""Customers write feedback and read their own; staff settle it in the back office."""

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
SAID = {"feedback_type": "bug", "rating": 2, "feedback_text": "The import stops."}
NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
YES = {"_form_submitted": "True"}


@pytest.fixture(autouse=True)
def noon() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def office(administrator: User) -> Client:
    client = Client()
    sign_in(client, administrator)
    return client


def settled_at(row: UserFeedback) -> tuple[str, datetime | None]:
    row.refresh_from_db()
    return row.status, row.resolved_at


def test_it_is_of_the_writers_day_unless_he_says_otherwise(alice: User, api: ClientFor) -> None:
    ProfileFactory(user=alice, timezone="Pacific/Auckland")
    client = api(alice)
    assert client.post(URL, SAID).json()["feedback_date"] == "2026-11-23"
    assert client.post(URL, SAID | {"feedback_date": "2026-11-01"}).json()["feedback_date"] == "2026-11-01"


def test_what_is_the_staffs_is_ignored(as_alice: APIClient, staff: User) -> None:
    own = {"status": "closed", "priority": "critical", "resolution_notes": "done", "resolved_at": "2026-01-01T00:00:00Z"}
    answer = as_alice.post(URL, SAID | own | {"assigned_to": str(staff.pk)})
    row = UserFeedback.objects.get()
    assert answer.status_code == 201
    assert (row.status, row.priority, row.assigned_to, row.resolution_notes, row.resolved_at) == (
        "open",
        "medium",
        None,
        "",
        None,
    )


def test_the_writer_reads_what_came_of_it_and_changes_nothing(as_alice: APIClient, alice: User) -> None:
    row: Any = FeedbackFactory(user=alice)
    services.resolve_feedback(row, notes="Fixed in 0.3.", now=NOW)
    found = as_alice.get(f"{URL}{row.pk}/").json()
    assert (found["status"], found["is_resolved"], found["resolution_notes"]) == ("resolved", True, "Fixed in 0.3.")
    assert as_alice.patch(f"{URL}{row.pk}/", {"rating": 5}).status_code == 405
    assert as_alice.delete(f"{URL}{row.pk}/").status_code == 405


@pytest.mark.parametrize(("field", "value"), [("rating", 0), ("rating", 6), ("rating", "good"), ("feedback_type", "praise")])
def test_a_bad_value_is_refused_at_its_field(field: str, value: Any, as_alice: APIClient) -> None:
    answer = as_alice.post(URL, SAID | {field: value})
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, field)


def test_settling_stamps_and_reopening_forgets(alice: User) -> None:
    row = FeedbackFactory.create(user=alice)
    services.resolve_feedback(row, notes="Done.", now=NOW)
    assert settled_at(row) == ("resolved", NOW)
    services.reopen_feedback(row, now=NOW)
    assert settled_at(row) == ("open", None)
    assert row.resolution_notes == "Done."


def test_settling_twice_and_reopening_what_is_open_are_conflicts(alice: User) -> None:
    row = FeedbackFactory.create(user=alice)
    with pytest.raises(ConflictError):
        services.reopen_feedback(row, now=NOW)
    services.resolve_feedback(row, notes="", now=NOW)
    with pytest.raises(ConflictError):
        services.resolve_feedback(row, notes="", now=NOW)


def test_only_a_colleague_is_assigned(alice: User, bob: User, staff: User) -> None:
    row = FeedbackFactory.create(user=alice)
    services.assign_feedback(row, colleague=staff)
    assert row.assigned_to == staff
    with pytest.raises(DomainError):
        services.assign_feedback(row, colleague=bob)
    with pytest.raises(ValidationError, match="colleague"):
        UserFeedback(user=alice, assigned_to=bob).clean()


def test_feedback_outlives_the_colleague(alice: User, staff: User) -> None:
    row = FeedbackFactory.create(user=alice, assigned_to=staff)
    staff.delete()
    row.refresh_from_db()
    assert row.assigned_to is None


@pytest.mark.parametrize(("status", "stamp"), [("resolved", NOW), ("closed", NOW), ("in_progress", None)])
def test_a_status_that_is_chosen_on_the_page_is_stamped(
    status: str, stamp: datetime | None, office: Client, alice: User
) -> None:
    row = FeedbackFactory.create(user=alice)
    form = {"status": status, "priority": "high", "assigned_to": "", "resolution_notes": "Seen."}
    answer = office.post(f"{PAGES}{row.pk}/change/", form)
    assert answer.status_code == 302
    assert settled_at(row) == (status, stamp)


def test_from_resolved_to_closed_keeps_the_instant(office: Client, alice: User, noon: Any) -> None:
    row = FeedbackFactory.create(user=alice, status="resolved", resolved_at=NOW)
    noon.shift(86_400)
    office.post(f"{PAGES}{row.pk}/change/", {"status": "closed", "priority": "low", "assigned_to": "", "resolution_notes": ""})
    assert settled_at(row) == ("closed", NOW)


def test_a_customer_can_not_be_chosen_on_the_page(office: Client, alice: User) -> None:
    row = FeedbackFactory.create(user=alice)
    form = {"status": "open", "priority": "low", "assigned_to": str(alice.pk), "resolution_notes": ""}
    answer = office.post(f"{PAGES}{row.pk}/change/", form)
    assert "Choose a colleague" in answer.content.decode()


def test_what_the_customer_wrote_stays_as_it_is(office: Client, alice: User) -> None:
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


def test_support_writes_down_what_a_customer_said(office: Client, alice: User) -> None:
    form = {"customer": str(alice.pk), "feedback_date": "2026-11-20", "feedback_type": "support", "feedback_text": "By phone"}
    more = {"rating": "", "category": "", "status": "closed", "priority": "low", "assigned_to": "", "resolution_notes": ""}
    answer = office.post(f"{PAGES}add/", form | more)
    row = UserFeedback.objects.get()
    assert answer.status_code == 302
    assert (row.user, row.feedback_date, row.resolved_at) == (alice, date(2026, 11, 20), NOW)


def test_the_buttons_resolve_reopen_and_assign(office: Client, alice: User, administrator: User) -> None:
    row = FeedbackFactory.create(user=alice)
    office.post(f"{PAGES}{row.pk}/take/", YES)
    office.post(f"{PAGES}{row.pk}/resolve/", YES)
    assert settled_at(row) == ("resolved", NOW)
    assert row.assigned_to == administrator
    office.post(f"{PAGES}{row.pk}/reopen/", YES)
    assert settled_at(row) == ("open", None)


def test_ticked_feedback_is_resolved_and_what_is_settled_says_so(office: Client, alice: User) -> None:
    rows = [FeedbackFactory.create(user=alice), FeedbackFactory.create(user=alice, status="closed", resolved_at=NOW)]
    body = {"action": "resolve_ticked", "_selected_action": [str(row.pk) for row in rows], "index": "0"}
    text = office.post(PAGES, body, follow=True).content.decode()
    assert [settled_at(row)[0] for row in rows] == ["resolved", "closed"]
    assert "settled already" in text


def test_whoever_may_only_look_settles_nothing(staff: User, alice: User) -> None:
    row = FeedbackFactory.create(user=alice)
    staff.user_permissions.set(Permission.objects.filter(codename="view_userfeedback"))
    client = Client()
    sign_in(client, staff)
    client.post(f"{PAGES}{row.pk}/resolve/", YES)
    assert settled_at(row) == ("open", None)


def test_a_customers_page_shows_his_newest_feedback(office: Client, alice: User, bob: User) -> None:
    FeedbackFactory(user=alice, feedback_text="The tea is cold", status="in_progress")
    FeedbackFactory(user=bob, feedback_text="The tea is hot")
    text = office.get(f"/admin/users/user/{alice.pk}/change/").content.decode()
    assert "The tea is cold" in text
    assert "The tea is hot" not in text
