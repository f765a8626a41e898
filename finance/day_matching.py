"""Matching of rows with known transactions of equal amount, of which another bank format may state a day more or less."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from datetime import date
from typing import NamedTuple

MAX_DAYS = 1


class Dated(NamedTuple):
    """A row or transaction: its `key`, its day, and a value that is equal for equal texts."""

    day: date
    key: Hashable
    content: Hashable


Pair = tuple[Dated, Dated]


def match_days(rows: Sequence[Dated], known: Sequence[Dated]) -> list[Pair]:
    """Return pairs of rows and known transactions that are at most one day apart; each is in one pair at most.

    Equal texts on the same day are matched first, then other rows of the same day, then those of the next day. If that leaves
    more rows unmatched than necessary, for example because all days of a file are shifted, rows are matched in order of time,
    which leaves as few as possible.
    """
    near = _exact_first(rows, known)
    in_order = _in_order(sorted(rows), sorted(known))
    return in_order if len(in_order) > len(near) else near


def _exact_first(rows: Sequence[Dated], known: Sequence[Dated]) -> list[Pair]:
    pairs: list[Pair] = []
    for key in (lambda entry: (entry.day, entry.content), lambda entry: entry.day):
        taken = {id(each) for pair in pairs for each in pair}
        by_key: defaultdict[Hashable, list[Dated]] = defaultdict(list)
        for entry in reversed(known):
            if id(entry) not in taken:
                by_key[key(entry)].append(entry)
        pairs += [(row, by_key[key(row)].pop()) for row in rows if id(row) not in taken and by_key[key(row)]]
    taken = {id(each) for pair in pairs for each in pair}
    left = ([each for each in entries if id(each) not in taken] for entries in (rows, known))
    return pairs + _in_order(*map(sorted, left))


def _in_order(rows: Sequence[Dated], known: Sequence[Dated]) -> list[Pair]:
    """Match sorted entries greedily; no other choice matches more, because the latest day that fits grows with the row's."""
    pairs: list[Pair] = []
    place = 0
    for row in rows:
        while place < len(known) and (row.day - known[place].day).days > MAX_DAYS:
            place += 1
        if place < len(known) and (known[place].day - row.day).days <= MAX_DAYS:
            pairs.append((row, known[place]))
            place += 1
    return pairs
