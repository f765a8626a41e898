"""Career milestones and job security analyses in the back office."""

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


def test_an_added_milestone_has_the_progress_of_its_salary(office: Client, alice: User) -> None:
    response = office.post(f"{MILESTONES}add/", FORM | {"customer": str(alice.pk), "target_date": "2027-01-31"})
    row = CareerMilestone.objects.get()
    assert response.status_code == 302
    assert (row.user, row.progress_percentage) == (alice, 50)


def test_a_changed_salary_updates_the_progress(office: Client, alice: User) -> None:
    row: Any = MilestoneFactory(user=alice)
    response = office.post(f"{MILESTONES}{row.pk}/change/", FORM | {"current_salary": "80000"})
    row.refresh_from_db()
    assert response.status_code == 302
    assert (row.is_completed, row.completion_date, row.progress_percentage) == (True, date(2026, 11, 22), 100)


def test_the_button_completes_a_milestone(office: Client, alice: User) -> None:
    row: Any = MilestoneFactory(user=alice)
    response = office.post(f"{MILESTONES}{row.pk}/complete/", {"_form_submitted": "True"})
    row.refresh_from_db()
    assert response.status_code == 200
    assert (row.is_completed, row.completion_date) == (True, date(2026, 11, 22))


def test_selected_milestones_are_completed(office: Client, alice: User) -> None:
    rows = MilestoneFactory.create_batch(2, user=alice)
    office.post(MILESTONES, {"action": "complete_selected", "_selected_action": [str(row.pk) for row in rows], "index": "0"})
    assert CareerMilestone.objects.filter(is_completed=True).count() == 2


def test_staff_with_view_permission_can_not_complete(staff: User, alice: User) -> None:
    row: Any = MilestoneFactory(user=alice)
    staff.user_permissions.set(Permission.objects.filter(codename="view_careermilestone"))
    client = Client()
    sign_in(client, staff)
    client.post(f"{MILESTONES}{row.pk}/complete/", {"_form_submitted": "True"})
    row.refresh_from_db()
    assert not row.is_completed


def test_a_customers_page_shows_milestones_and_their_status(office: Client, alice: User) -> None:
    MilestoneFactory(user=alice, milestone_name="Head of tea", target_date=date(2026, 11, 21))
    text = office.get(f"/admin/users/user/{alice.pk}/change/").content.decode()
    assert "Head of tea" in text
    assert "overdue" in text


def test_an_analysis_is_read_only(office: Client, alice: User) -> None:
    row: Any = JobSecurityFactory(user=alice)
    assert office.get(f"{ANALYSES}{row.pk}/change/").status_code == 200
    assert office.get(f"{ANALYSES}add/").status_code == 403
    assert office.post(f"{ANALYSES}{row.pk}/delete/", {"post": "yes"}).status_code == 403
