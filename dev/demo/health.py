"""A believable year of check-ins and goals for the invented customers of `manage.py demo`, and what the analysis finds in it.

A day depends on that day alone (`random.Random` is seeded with it) and on what was spent then, so that the analysis has
something to find: who has a hard day spends more, in a measure of his own.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from health.analysis import ALL_SPENDING
from health.models import HealthGoal, UserHealthCheckin
from health.services import analyze_correlations, daily_spending

YEAR = 365
WEEKEND = 5
TENTH = Decimal("0.1")


@dataclass(frozen=True)
class HealthPattern:
    """How somebody is on a usual day. `strain` is how many points of stress a day of heavy spending goes with."""

    mood: float
    stress: float
    sleep: float
    exercise: int
    water: int
    diligence: float  # the share of days with a check-in
    strain: float
    symptoms: tuple[str, ...]
    activities: tuple[str, ...]
    takes_medication: bool = False


@dataclass(frozen=True)
class PlannedGoal:
    """A goal; `due` and `done` count days from today."""

    name: str
    kind: str
    start: Decimal | None
    target: Decimal | None
    current: Decimal | None
    unit: str
    due: int | None
    done: int | None = None
    notes: str = ""


HEALTH_PATTERNS = {
    "alice@mingus.example": HealthPattern(
        6.8, 5.2, 7.1, 32, 64, 0.88, 2.2, ("headache", "tight shoulders"), ("running", "yoga", "a walk in the park")
    ),
    "bob@mingus.example": HealthPattern(
        6.4, 4.6, 6.4, 18, 40, 0.55, 1.2, ("back pain", "heartburn"), ("bike ride", "playing with the kids"), True
    ),
    "chiara@mingus.example": HealthPattern(
        7.4, 3.9, 7.8, 24, 48, 0.76, 0.4, ("hay fever",), ("swimming", "reading", "meditation")
    ),
}

D = Decimal
GOALS = {
    "alice@mingus.example": (
        PlannedGoal(
            "Calmer working days", "stress", D(8), D(3), D("5.5"), "points", 75, notes="Half way. Fewer meetings help."
        ),
        PlannedGoal("Run a half marathon", "exercise", D(0), D(21), D(18), "km", 40),
        PlannedGoal("Seven and a half hours of sleep", "sleep", D(6), D("7.5"), D("7.5"), "hours", 20),
        PlannedGoal("Yoga twice a week for a month", "wellness", D(0), D(8), D(8), "sessions", -30, done=-34),
        PlannedGoal("Lunch without a screen", "nutrition", None, D(20), D(4), "days", -12),
        PlannedGoal("A mood diary", "mood", D(0), D(60), D(9), "entries", None),
    ),
    "bob@mingus.example": (
        PlannedGoal("Less coffee", "nutrition", D(6), D(2), D(3), "cups a day", 28, notes="The afternoon ones go first."),
        PlannedGoal("Lose weight before the summer", "wellness", D("101.5"), D(92), D("98.2"), "kg", 160),
        PlannedGoal("Physiotherapy for the back", "exercise", D(0), D(12), D(12), "sessions", -60, done=-66),
        PlannedGoal("Asleep before eleven", "sleep", D(1), D(6), D(2), "nights a week", -5),
    ),
    "chiara@mingus.example": (
        PlannedGoal("Nuotare ogni settimana", "exercise", D(0), D(52), D(31), "volte", 150),
        PlannedGoal("Otto bicchieri d'acqua", "nutrition", D(3), D(8), D("7.2"), "bicchieri", 14),
        PlannedGoal("Meditare per 30 giorni", "wellness", D(0), D(30), D(30), "giorni", -10, done=-16),
        PlannedGoal("Meno ansia prima delle consegne", "stress", D(7), D(3), D("6.5"), "punti", 90),
    ),
}


@transaction.atomic
def load(user: Any, *, today: date) -> None:
    """Give `user` a year of check-ins up to `today` with gaps, goals in all states, and the analysis. What is there stays."""
    nature = HEALTH_PATTERNS[user.email]
    first = today - timedelta(days=YEAR)
    known = set(UserHealthCheckin.objects.for_user(user).in_days(first, today).values_list("checkin_date", flat=True))
    spent = daily_spending(user, first, today).get(ALL_SPENDING, {})
    usual = sorted(spent.values())[len(spent) * 4 // 5] if spent else Decimal(0)
    days = [day for day in (first + timedelta(days=offset) for offset in range(YEAR + 1)) if day not in known]
    rows = [_checkin(user, nature, day, is_heavy=spent.get(day, usual) > usual) for day in days]
    UserHealthCheckin.objects.bulk_create([row for row in rows if row], batch_size=1_000)
    names = set(HealthGoal.objects.for_user(user).values_list("goal_name", flat=True))
    for aim in (aim for aim in GOALS[user.email] if aim.name not in names):
        _goal(user, aim, today).save()
    analyze_correlations(user, today=today)


def _checkin(user: Any, nature: HealthPattern, day: date, *, is_heavy: bool) -> UserHealthCheckin | None:
    """The day's check-in as the API would store it; None on a day without one."""
    rng = random.Random(f"{user.email} {day} health")
    if rng.random() > nature.diligence:
        return None
    free = day.weekday() >= WEEKEND
    stress = nature.stress + (nature.strain if is_heavy else 0) - (1.2 if free else 0) + rng.gauss(0, 1.3)
    mood = nature.mood - 0.35 * (stress - nature.stress) + rng.gauss(0, 0.9)
    sleep = nature.sleep + (0.7 if free else 0) - 0.15 * (stress - nature.stress) + rng.gauss(0, 0.7)
    row = UserHealthCheckin(
        user=user,
        checkin_date=day,
        mood_score=_scale(mood),
        stress_level=_scale(stress),
        sleep_hours=_answer(rng, Decimal(min(max(sleep, 3), 12)).quantize(TENTH)),
        exercise_minutes=_answer(rng, 0 if rng.random() < 0.3 else 5 * rng.randint(1, nature.exercise // 3)),
        water_intake_oz=_answer(rng, 8 * rng.randint(nature.water // 16, nature.water // 5)),
        medication_taken=rng.random() < 0.9 if nature.takes_medication else None,
        symptoms=[rng.choice(nature.symptoms)] if stress > nature.stress + 1.5 else [],
        wellness_activities=[rng.choice(nature.activities)] if rng.random() < 0.4 else [],
        notes="Slept badly." if sleep < nature.sleep - 1.2 else "",
    )
    row.clean_fields(exclude=["user"])
    row.clean()
    return row


def _scale(value: float) -> int:
    return min(max(round(value), 1), 10)


def _answer(rng: random.Random, value: Any) -> Any:
    """`value`, or now and then nothing: people leave questions out."""
    return None if rng.random() < 0.08 else value


def _goal(user: Any, aim: PlannedGoal, today: date) -> HealthGoal:
    goal = HealthGoal(
        user=user,
        goal_name=aim.name,
        goal_type=aim.kind,
        start_value=aim.start,
        target_value=aim.target,
        current_value=aim.current,
        unit=aim.unit,
        target_date=None if aim.due is None else today + timedelta(days=aim.due),
        is_completed=aim.done is not None,
        completion_date=None if aim.done is None else today + timedelta(days=aim.done),
        notes=aim.notes,
    )
    goal.clean_fields(exclude=["user"])
    return goal
