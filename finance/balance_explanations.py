"""Explaining the difference between a bank's balance and that of an account: which few rows add up to it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import combinations
from uuid import UUID

MAX_CANDIDATES = 200
MAX_ROWS_TOGETHER = 3
MAX_EXPLANATIONS = 10


class Reason(StrEnum):
    """The cause that a row may be of a difference, the more likely one first."""

    PENDING = "pending"
    BOOKED_LATER = "booked_later"
    DUPLICATE = "duplicate"
    RECENT = "recent"
    DATED_LATER = "dated_later"
    NOT_COUNTED = "not_counted"
    DELETED = "deleted"
    IN_REVIEW = "in_review"
    WRONG_SIGN = "wrong_sign"


NOT_BOOKED = (Reason.PENDING, Reason.BOOKED_LATER)
COUNTED = (*NOT_BOOKED, Reason.DUPLICATE, Reason.RECENT, Reason.WRONG_SIGN)
"""The reasons of rows that are counted in the account's balance up to the day, and should not be, or with another amount."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that may explain a difference, and the part of the difference that it would explain.

    `key` is the id of a transaction, also of a deleted one; of a row in review it is the id of the import, and `number` that of
    the row.
    """

    reason: Reason
    key: UUID
    day: date
    amount: Decimal
    text: str
    effect: Decimal
    number: int | None = None


def explanations(difference: Decimal, candidates: Iterable[Candidate]) -> list[tuple[Candidate, ...]]:
    """Return the sets of candidates whose effects add up to `difference`, at most MAX_EXPLANATIONS.

    All rows that the bank has not booked count as one candidate, too. Among the other sets, those of the fewest rows are
    returned, because with more rows nearly every difference can be explained by chance.
    """
    found = sorted(candidates, key=lambda each: (list(Reason).index(each.reason), -each.day.toordinal(), each.key))
    distinct = list({(each.key, each.number): each for each in reversed(found)}.values())[::-1]
    groups = [group for group in _groups(distinct) if sum(each.effect for each in group) == difference]
    return groups or next((sets for sets in _smallest_first(difference, distinct) if sets), [])


def _groups(candidates: Sequence[Candidate]) -> Iterator[tuple[Candidate, ...]]:
    for reasons in (NOT_BOOKED, *((reason,) for reason in NOT_BOOKED)):
        group = tuple(each for each in candidates if each.reason in reasons)
        if group and {each.reason for each in group} == set(reasons):
            yield group


def _smallest_first(difference: Decimal, candidates: Sequence[Candidate]) -> Iterator[list[tuple[Candidate, ...]]]:
    """Yield the fitting sets of one row, then of two, then of three."""
    by_effect: dict[Decimal, list[int]] = {}
    for place, each in enumerate(candidates[:MAX_CANDIDATES]):
        by_effect.setdefault(each.effect, []).append(place)
    for size in range(1, MAX_ROWS_TOGETHER + 1):
        sets: list[tuple[Candidate, ...]] = []
        for places in combinations(range(min(len(candidates), MAX_CANDIDATES)), size - 1):
            chosen = [candidates[place] for place in places]
            rest = difference - sum(each.effect for each in chosen)
            last = places[-1] if places else -1
            sets += [(*chosen, candidates[place]) for place in by_effect.get(rest, ()) if place > last]
            if len(sets) >= MAX_EXPLANATIONS:
                break
        yield sets[:MAX_EXPLANATIONS]
