"""A year of check-ins and goals for the demo customers, and the correlation analysis of them.

A check-in depends only on its day, which seeds `random.Random`, and on that day's spending. Days of heavy spending have more
stress, by a different amount for each customer, so that the analysis finds correlations.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from dev.demo.rows import shared_fields
from health.analysis import ALL_SPENDING
from health.models import HealthGoal, UserHealthCheckin
from health.services import analyze_correlations, daily_spending

YEAR = 365
WEEKEND = 5
TENTH = Decimal("0.1")


@dataclass(frozen=True)
class HealthPattern:
    """A customer's usual day. `strain` is the number of stress points that a day of heavy spending adds."""

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
    """A goal. `due` and `done` are days from today."""

    goal_name: str
    goal_type: str
    start_value: Decimal | None
    target_value: Decimal | None
    current_value: Decimal | None
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
            "Calmer working days", "stress", D(8), D(3), D("5.5"), "points", 75, notes="Halfway there. Fewer meetings help."
        ),
        PlannedGoal("Run a half marathon", "exercise", D(0), D(21), D(18), "km", 40),
        PlannedGoal("Sleep seven and a half hours", "sleep", D(6), D("7.5"), D("7.5"), "hours", 20),
        PlannedGoal("Yoga twice a week for a month", "wellness", D(0), D(8), D(8), "sessions", -30, done=-34),
        PlannedGoal("Lunch without a screen", "nutrition", None, D(20), D(4), "days", -12),
        PlannedGoal("Keep a mood diary", "mood", D(0), D(60), D(9), "entries", None),
    ),
    "bob@mingus.example": (
        PlannedGoal("Drink less coffee", "nutrition", D(6), D(2), D(3), "cups a day", 28, notes="Afternoon cups go first."),
        PlannedGoal("Lose weight before summer", "wellness", D(224), D(203), D(216), "lb", 160),
        PlannedGoal("Physical therapy for back pain", "exercise", D(0), D(12), D(12), "sessions", -60, done=-66),
        PlannedGoal("Asleep before 11 p.m.", "sleep", D(1), D(6), D(2), "nights a week", -5),
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
    """Create a year of check-ins with gaps, goals in every state, and the analysis. Existing rows stay."""
    pattern = HEALTH_PATTERNS[user.email]
    first = today - timedelta(days=YEAR)
    known = set(UserHealthCheckin.objects.for_user(user).in_days(first, today).values_list("checkin_date", flat=True))
    spent = daily_spending(user, first, today).get(ALL_SPENDING, {})
    threshold = sorted(spent.values())[len(spent) * 4 // 5] if spent else Decimal(0)
    days = [day for day in (first + timedelta(days=offset) for offset in range(YEAR + 1)) if day not in known]
    rows = [_checkin(user, pattern, day, is_heavy=spent.get(day, threshold) > threshold) for day in days]
    UserHealthCheckin.objects.bulk_create([row for row in rows if row], batch_size=1_000)
    names = set(HealthGoal.objects.for_user(user).values_list("goal_name", flat=True))
    for planned in (planned for planned in GOALS[user.email] if planned.goal_name not in names):
        _goal(user, planned, today).save()
    analyze_correlations(user, today=today)


def _checkin(user: Any, pattern: HealthPattern, day: date, *, is_heavy: bool) -> UserHealthCheckin | None:
    """Return the check-in of a day after validation, None on a day without one."""
    rng = random.Random(f"{user.email} {day} health")
    if rng.random() > pattern.diligence:
        return None
    is_weekend = day.weekday() >= WEEKEND
    stress = pattern.stress + (pattern.strain if is_heavy else 0) - (1.2 if is_weekend else 0) + rng.gauss(0, 1.3)
    mood = pattern.mood - 0.35 * (stress - pattern.stress) + rng.gauss(0, 0.9)
    sleep = pattern.sleep + (0.7 if is_weekend else 0) - 0.15 * (stress - pattern.stress) + rng.gauss(0, 0.7)
    row = UserHealthCheckin(
        user=user,
        checkin_date=day,
        mood_score=_score(mood),
        stress_level=_score(stress),
        sleep_hours=_optional(rng, Decimal(min(max(sleep, 3), 12)).quantize(TENTH)),
        exercise_minutes=_optional(rng, 0 if rng.random() < 0.3 else 5 * rng.randint(1, pattern.exercise // 3)),
        water_intake_oz=_optional(rng, 8 * rng.randint(pattern.water // 16, pattern.water // 5)),
        medication_taken=rng.random() < 0.9 if pattern.takes_medication else None,
        symptoms=[rng.choice(pattern.symptoms)] if stress > pattern.stress + 1.5 else [],
        wellness_activities=[rng.choice(pattern.activities)] if rng.random() < 0.4 else [],
        notes="Slept badly." if sleep < pattern.sleep - 1.2 else "",
    )
    row.clean_fields(exclude=["user"])
    row.clean()
    return row


def _score(value: float) -> int:
    return min(max(round(value), 1), 10)


def _optional(rng: random.Random, value: Any) -> Any:
    """Return `value`, or None in 8% of cases, as customers do not fill in every field."""
    return None if rng.random() < 0.08 else value


def _goal(user: Any, planned: PlannedGoal, today: date) -> HealthGoal:
    goal = HealthGoal(
        user=user,
        target_date=None if planned.due is None else today + timedelta(days=planned.due),
        is_completed=planned.done is not None,
        completion_date=None if planned.done is None else today + timedelta(days=planned.done),
        **shared_fields(planned, HealthGoal),
    )
    goal.clean_fields(exclude=["user"])
    return goal
