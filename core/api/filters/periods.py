"""Periods of days as they are written in a search: `2026`, `2026-03`, `2026-03-31`, `last-month`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

FIRST_YEAR, LAST_YEAR = 1900, 2200
MAX_DAYS = 9_999
PERIOD = re.compile(r"(\d{4})(?:-(\d\d?)(?:-(\d\d?))?)?", re.ASCII)
LAST_DAYS = re.compile(r"last-(\d{1,4})-days", re.ASCII)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The current day of a user, and their time zone."""

    today: date
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class RelativeDay:
    """The first day of a period such as `last-month`, or the first day after it."""

    period: str
    is_after: bool

    def on(self, calendar: Calendar) -> date:
        return _relative(self.period, calendar.today)[self.is_after]


Day = date | RelativeDay


@dataclass(frozen=True, slots=True)
class Midnight:
    """The beginning of a day in the user's time zone."""

    day: Day

    def on(self, calendar: Calendar) -> datetime:
        day = self.day.on(calendar) if isinstance(self.day, RelativeDay) else self.day
        return datetime.combine(day, time(), calendar.zone).astimezone(UTC)


def period_of(text: str) -> tuple[Day, Day] | None:
    """Return the first day of a period and the first day after it, or None if it is none from 1900 to 2200."""
    word = text.lower()
    days = LAST_DAYS.fullmatch(word)
    if word in WORDS or (days and int(days[1])):
        return RelativeDay(word, is_after=False), RelativeDay(word, is_after=True)
    found = PERIOD.fullmatch(text)
    if not found:
        return None
    year, month, day = (int(part or 0) for part in found.groups())
    try:
        first = date(year, month or (1 if found[2] is None else 0), day or (1 if found[3] is None else 0))
    except ValueError:
        return None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    return first, _next_year(first) if found[2] is None else _next_month(first) if found[3] is None else first + DAY


def _next_month(day: date) -> date:
    return (day.replace(day=28) + 4 * DAY).replace(day=1)


def _next_year(day: date) -> date:
    return date(day.year + 1, 1, 1)


def _monday(day: date) -> date:
    return day - day.weekday() * DAY


WORDS: dict[str, Callable[[date], tuple[date, date]]] = {
    "today": lambda today: (today, today + DAY),
    "yesterday": lambda today: (today - DAY, today),
    "this-week": lambda today: (_monday(today), _monday(today) + 7 * DAY),
    "last-week": lambda today: (_monday(today) - 7 * DAY, _monday(today)),
    "this-month": lambda today: (today.replace(day=1), _next_month(today)),
    "last-month": lambda today: ((today.replace(day=1) - DAY).replace(day=1), today.replace(day=1)),
    "this-year": lambda today: (date(today.year, 1, 1), _next_year(today)),
    "last-year": lambda today: (date(today.year - 1, 1, 1), date(today.year, 1, 1)),
}


def _relative(word: str, today: date) -> tuple[date, date]:
    days = LAST_DAYS.fullmatch(word)
    return (today - (int(days[1]) - 1) * DAY, today + DAY) if days else WORDS[word](today)
