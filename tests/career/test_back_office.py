"""Milestones and analyses in the hands of staff."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client

from career.models import CareerMilestone
from dev.factories import JobSecurityFactory, MilestoneFactory
from tests.sign_in import sign_in
from users.models import User

pytestmark = pytest.mark.django_db
MILESTONES = "/admin/career/careermilestone/"
ANALYSES = "/admin/career/jobsecurityanalysis/"
FORM = {"milestone_name": "Raise", "milestone_type": "raise", "target_salary": "80000", "current_salary": "40000", "notes": ""}


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel("2026-11-22 17:00Z", tick=False):
        yield


@pytest.fixture
def office(administrator: User) -> Client:
    client = Client()
    sign_in(client, administrator)
    return client


def test_an_added_milestone_starts_where_its_salary_is(office: Client, alice: User) -> None:
    answer = office.post(f"{MILESTONES}add/", FORM | {"customer": str(alice.pk), "target_date": "2027-01-31"})
    row = CareerMilestone.objects.get()
    assert answer.status_code == 302
    assert (row.user, row.progress_percentage) == (alice, 50)


def test_a_changed_salary_moves_the_progress_there_too(office: Client, alice: User) -> None:
    row: Any = MilestoneFactory(user=alice)
    answer = office.post(f"{MILESTONES}{row.pk}/change/", FORM | {"current_salary": "80000"})
    row.refresh_from_db()
    assert answer.status_code == 302
    assert (row.is_completed, row.completion_date, row.progress_percentage) == (True, date(2026, 11, 22), 100)


def test_the_button_completes_a_milestone(office: Client, alice: User) -> None:
    row: Any = MilestoneFactory(user=alice)
    answer = office.post(f"{MILESTONES}{row.pk}/complete/", {"_form_submitted": "True"})
    row.refresh_from_db()
    assert answer.status_code == 200
    assert (row.is_completed, row.completion_date) == (True, date(2026, 11, 22))


def test_ticked_milestones_are_completed(office: Client, alice: User) -> None:
    rows = MilestoneFactory.create_batch(2, user=alice)
    office.post(MILESTONES, {"action": "complete_ticked", "_selected_action": [str(row.pk) for row in rows], "index": "0"})
    assert CareerMilestone.objects.filter(is_completed=True).count() == 2


def test_whoever_may_only_look_completes_nothing(staff: User, alice: User) -> None:
    row: Any = MilestoneFactory(user=alice)
    staff.user_permissions.set(Permission.objects.filter(codename="view_careermilestone"))
    client = Client()
    sign_in(client, staff)
    client.post(f"{MILESTONES}{row.pk}/complete/", {"_form_submitted": "True"})
    row.refresh_from_db()
    assert not row.is_completed


def test_a_customers_page_shows_his_milestones_with_their_state(office: Client, alice: User) -> None:
    MilestoneFactory(user=alice, milestone_name="Head of tea", target_date=date(2026, 11, 21))
    text = office.get(f"/admin/users/user/{alice.pk}/change/").content.decode()
    assert "Head of tea" in text
    assert "overdue" in text


def test_an_analysis_is_a_record(office: Client, alice: User) -> None:
    row: Any = JobSecurityFactory(user=alice)
    assert office.get(f"{ANALYSES}{row.pk}/change/").status_code == 200
    assert office.get(f"{ANALYSES}add/").status_code == 403
    assert office.post(f"{ANALYSES}{row.pk}/delete/", {"post": "yes"}).status_code == 403
