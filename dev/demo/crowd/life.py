"""The generated customers' check-ins, milestones and job security analyses."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from career import services as career
from career.models import CareerMilestone, JobSecurityAnalysis
from core import clock
from dev.demo.rows import checked
from dev.population import life
from dev.population.money import first_day
from dev.population.people import Person
from health.models import UserHealthCheckin
from users.models import User

BATCH = 2_000


@transaction.atomic
def load(people: Sequence[Person]) -> None:
    """Create the check-ins of the days after the last stored one, and the milestones and analyses of customers without."""
    users = {user.pk: user for user in User.objects.filter(pk__in=[person.id for person in people]).select_related("profile")}
    last = dict(UserHealthCheckin.objects.filter(user__in=users).values_list("user_id").annotate(Max("checkin_date")))
    rows = [row for person in people for row in _checkins(person, users[person.id].profile.today(), last.get(person.id))]
    UserHealthCheckin.objects.bulk_create(rows, batch_size=BATCH)
    known = set(CareerMilestone.objects.filter(user__in=users).values_list("user_id", flat=True))
    for person in (person for person in people if person.id not in known):
        _work(person, users[person.id])


def _checkins(person: Person, today: date, last: date | None) -> Iterator[UserHealthCheckin]:
    first = last + timedelta(days=1) if last else first_day(today)
    for item in life.checkins(person, first, today):
        yield UserHealthCheckin(
            user_id=person.id,
            checkin_date=item.day,
            mood_score=item.mood,
            stress_level=item.stress,
            sleep_hours=Decimal(str(item.sleep)),
            exercise_minutes=item.exercise,
            symptoms=item.symptoms,
            wellness_activities=item.activities,
        )


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
