"""How a day's answers become a wellness score from 1 to 10 and its level.

The bands are data, so that the database computes from the same ones (`health.models.checkins`).
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

TENTH = Decimal("0.1")
OTHERWISE = 3  # outside of every band; no sleep and no exercise at all (0) are answers too
REVERSED_STRESS = 11  # stress counts the other way round: 11 - stress


@dataclass(frozen=True, slots=True)
class Band:
    """Answers from `low` to `high`, both inclusive, are worth `points`; None leaves that side open."""

    low: int
    high: int | None
    points: int

    def holds(self, answer: Decimal | int) -> bool:
        return self.low <= answer and (self.high is None or answer <= self.high)


# The first band that holds an answer counts.
SLEEP_HOURS = (Band(7, 9, 10), Band(6, 10, 7))
EXERCISE_MINUTES = (Band(30, None, 10), Band(15, None, 7))
WATER_OUNCES = (Band(64, None, 10), Band(32, None, 7))

LEVELS = (("excellent", 8), ("good", 6), ("fair", 4))
LOWEST_LEVEL = "poor"


@dataclass(frozen=True, slots=True)
class CheckinAnswers:
    """What a day's check-in says; None where the question was left out."""

    mood: int | None = None
    stress: int | None = None
    sleep_hours: Decimal | None = None
    exercise_minutes: int | None = None
    water_ounces: int | None = None


def points_in(bands: tuple[Band, ...], answer: Decimal | int | None) -> int | None:
    """What an answer is worth on the scale of 1 to 10."""
    if answer is None:
        return None
    return next((band.points for band in bands if band.holds(answer)), OTHERWISE)


def score(answers: CheckinAnswers) -> Decimal | None:
    """The mean of the answers given, to one decimal, halves rounded up as people do it; None without an answer."""
    parts = (
        answers.mood,
        None if answers.stress is None else REVERSED_STRESS - answers.stress,
        points_in(SLEEP_HOURS, answers.sleep_hours),
        points_in(EXERCISE_MINUTES, answers.exercise_minutes),
        points_in(WATER_OUNCES, answers.water_ounces),
    )
    given = [part for part in parts if part is not None]
    return (Decimal(sum(given)) / len(given)).quantize(TENTH, ROUND_HALF_UP) if given else None


def level(points: Decimal | None) -> str | None:
    """The word for a score; None when there is none."""
    if points is None:
        return None
    return next((name for name, least in LEVELS if points >= least), LOWEST_LEVEL)
