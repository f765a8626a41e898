"""The generated customers' check-ins, milestones and job security analyses."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import orjson
from django.db import transaction
from django.db.models import Max

from career import services as career
from career.models import CareerMilestone, JobSecurityAnalysis
from dev.demo.crowd import staging
from dev.demo.rows import checked
from dev.population import life
from dev.population.money import first_day
from dev.population.people import Person
from health.models import UserHealthCheckin
from users.models import User

COLUMNS = (
    "user_id",
    "checkin_date",
    "mood_score",
    "stress_level",
    "sleep_hours",
    "exercise_minutes",
    "symptoms",
    "wellness_activities",
    "notes",
    "over_limit",
)


@transaction.atomic
def load(people: Sequence[Person]) -> None:
    """Create the check-ins of the days after the last stored one, and the milestones and analyses of customers without."""
    users = {user.pk: user for user in User.objects.filter(pk__in=[person.id for person in people]).select_related("profile")}
    last = dict(UserHealthCheckin.objects.filter(user__in=users).values_list("user_id").annotate(Max("checkin_date")))
    rows = (row for person in people for row in _checkins(person, users[person.id].profile.today(), last.get(person.id)))
    staging.insert(UserHealthCheckin, COLUMNS, rows)
    known = set(CareerMilestone.objects.filter(user__in=users).values_list("user_id", flat=True))
    for person in (person for person in people if person.id not in known):
        _work(person, users[person.id])


def _checkins(person: Person, today: date, last: date | None) -> Iterator[Sequence[Any]]:
    first = last + timedelta(days=1) if last else first_day(today)
    for item in life.checkins(person, first, today):
        texts = [orjson.dumps(found).decode() for found in (item.symptoms, item.activities)]
        yield person.id, item.day, item.mood, item.stress, item.sleep, item.exercise, *texts, "", False


def _work(person: Person, user: Any) -> None:
    today = user.profile.today()
    rows = []
    for item in life.milestones(person):
        done = None if item.done_ago is None else today - timedelta(days=item.done_ago)
        row = CareerMilestone(
            user=user,
            milestone_name=item.name,
            milestone_type=item.kind,
            target_date=today + timedelta(days=item.due_in),
            progress_percentage=item.progress,
            is_completed=done is not None,
            completion_date=done,
            current_salary=None if item.salary is None else Decimal(item.salary),
            target_salary=None if item.target is None else Decimal(item.target),
        )
        rows.append(checked(row, exclude=["user"]))
    CareerMilestone.objects.bulk_create(rows)
    given = life.answers(person)
    if given is not None and not JobSecurityAnalysis.objects.for_user(user).exists():
        given["tenure_years"] = Decimal(str(given["tenure_years"]))
        career.generate_analysis(user=user, today=today, **given)
