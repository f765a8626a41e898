"""The check-ins and the working life of the customers."""

import calendar
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from dev.population.draws import parameters, source_of
from dev.population.people import Person

LOWEST, HIGHEST = 1, 10


@dataclass(frozen=True)
class Checkin:
    day: date
    mood: int
    stress: int
    sleep: float
    exercise: int
    symptoms: list[str] = field(default_factory=list)
    activities: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Milestone:
    """A milestone, due `due_in` days from today. `done_ago` is None for an open one. Salaries are yearly, None without."""

    name: str
    kind: str
    due_in: int
    progress: int
    done_ago: int | None
    salary: float | None = None
    target: float | None = None


def checkins(person: Person, first: date, last: date) -> Iterator[Checkin]:
    """Yield the check-ins from `first` to `last`. A month's depend only on the customer and the month."""
    month = first.replace(day=1)
    while month <= last:
        yield from (found for found in _month(person, month) if first <= found.day <= last)
        month = (month + timedelta(days=31)).replace(day=1)


def _month(person: Person, month: date) -> Iterator[Checkin]:
    wellness, own = parameters()["wellness"], source_of("wellness", person.key)
    mean = {name: own.gauss(*wellness[name]) for name in ("mood", "stress", "sleep")}
    usual, strain = own.randint(*wellness["checkins_a_month"]), own.uniform(*wellness["stress_after_large_purchases"])
    rng = source_of("wellness", person.key, f"{month:%Y-%m}")
    days = calendar.monthrange(month.year, month.month)[1]
    wanted = set(rng.sample(range(1, days + 1), min(max(usual + rng.randint(-2, 2), 1), days)))
    tension = 0.0
    for number in range(1, days + 1):
        tension = wellness["memory"] * tension + rng.gauss(0, wellness["noise"])
        if number in wanted:
            yield _checkin(rng, month.replace(day=number), mean, tension + strain * (rng.random() < 0.2))


def _checkin(rng: random.Random, day: date, mean: dict[str, float], tension: float) -> Checkin:
    wellness = parameters()["wellness"]
    is_tense = tension > 1.5
    return Checkin(
        day,
        _score(mean["mood"] - 0.5 * tension + rng.gauss(0, 0.7)),
        _score(mean["stress"] + tension),
        round(min(max(mean["sleep"] - 0.2 * tension + rng.gauss(0, 0.6), 3), 12), 1),
        rng.choice(wellness["exercise_minutes"]),
        [rng.choice(wellness["symptoms"])] if is_tense else [],
        [rng.choice(wellness["activities"])] if rng.random() < 0.4 else [],
    )


def _score(value: float) -> int:
    return min(max(round(value), LOWEST), HIGHEST)


def milestones(person: Person) -> list[Milestone]:
    """Return the career goals of a customer."""
    rng, career = source_of("career", person.key), parameters()["career"]
    found = []
    for goal in rng.sample(career["goals"], career["milestones"]):
        is_done = rng.random() < career["completed"]
        ago = rng.randint(20, 500)
        is_raise = goal["kind"] == "raise" and not is_done
        salary = person.income if is_raise else None
        target = round(person.income * 1.08, -2) if is_raise else None
        progress, due = (
            100 if is_done else rng.randrange(0, 95, 5),
            -ago + rng.randint(0, 60) if is_done else rng.randint(-30, 300),
        )
        found.append(Milestone(goal["name"], goal["kind"], due, progress, ago if is_done else None, salary, target))
    return found


def answers(person: Person) -> dict[str, Any] | None:
    """Return a customer's answers about their job, None if they asked for no analysis."""
    rng, career = source_of("answers", person.key), parameters()["career"]
    if rng.random() > career["asked_for_analysis"]:
        return None
    shares = {"recent_layoffs": "layoffs", "hiring_freeze": "hiring_freeze", "reorganisation": "reorganization"}
    return {
        "tenure_years": round(rng.uniform(0.5, 12), 1),
        **{name: rng.random() < career[share] for name, share in shares.items()},
    }
