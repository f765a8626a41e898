"""Matching of statement rows with existing transactions when neither the bank's id nor the content hash identifies them.

Rows are first matched with pending transactions that have been posted since, then with transactions that the user entered
manually. Ambiguous matches are left to the user as reviews.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from finance.statements.text import normalize_text

# Card payments post within a week (Visa and Mastercard clear in 1 to 5 business days); a tip or a hold changes the amount.
MAX_DAYS_TO_POST = timedelta(days=7)
MAX_AMOUNT_CHANGE = Decimal("0.30")
# More candidates would not help the user to choose; the limit also bounds the work for thousands of equal transactions.
MAX_CANDIDATES = 10


class MatchOutcome(StrEnum):
    """The values of `finance.models.imports.RowVerdict` that a match can lead to."""

    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class IncomingRow:
    """A row of the file that is not identified yet. `amount` is signed; `texts` come from `texts_of`."""

    number: int
    day: date
    amount: Decimal
    currency: str
    texts: frozenset[str]
    is_pending: bool


@dataclass(frozen=True, slots=True)
class ExistingTransaction:
    """A transaction of the account. `is_manual` is true if no statement has imported it."""

    id: UUID
    day: date
    amount: Decimal
    currency: str
    texts: frozenset[str]
    is_pending: bool
    is_manual: bool

    def may_become(self, amount: Decimal) -> bool:
        """Return True if a tip or the end of a hold can lead to `amount`: the same sign, and at most 30 % different."""
        change = abs(amount - self.amount)
        return bool(change) and (self.amount > 0) is (amount > 0) and change <= abs(self.amount) * MAX_AMOUNT_CHANGE


@dataclass(frozen=True, slots=True)
class RowMatch:
    """The result for one row: the transaction that it matches, or for REVIEW all transactions that it may match.

    `reason` is a value of `finance.models.imports.ReviewReason` for REVIEW, and empty otherwise.
    """

    outcome: MatchOutcome
    candidates: tuple[UUID, ...]
    reason: str = ""


Candidates = Callable[[IncomingRow], list[ExistingTransaction]]


def texts_of(description: str, merchant: str) -> frozenset[str]:
    """Return the normalized texts that identify a transaction; {""} if there is none, so that two without texts match."""
    return frozenset(filter(None, map(normalize_text, (description, merchant)))) or frozenset({""})


def match(rows: Iterable[IncomingRow], existing: Sequence[ExistingTransaction]) -> dict[int, RowMatch]:
    """Return the matches by row number; rows without one are new. Only rows that have candidates are held in memory."""
    pending = _PendingMatcher([entry for entry in existing if entry.is_pending])
    manual = _ManualMatcher([entry for entry in existing if entry.is_manual])
    near = [row for row in rows if pending.may_be(row) or manual.may_be(row)]
    matches = pending.match_rows([row for row in near if not row.is_pending])
    taken = {found.candidates[0] for found in matches.values() if found.outcome is MatchOutcome.SUPERSEDED}
    return matches | manual.match_rows([row for row in near if row.number not in matches], taken)


class _PendingMatcher:
    """Matches posted rows with the account's pending transactions."""

    def __init__(self, entries: Iterable[ExistingTransaction]) -> None:
        self._by_amount: defaultdict[tuple[str, Decimal], list[ExistingTransaction]] = defaultdict(list)
        self._by_text: defaultdict[tuple[str, str], list[ExistingTransaction]] = defaultdict(list)
        self._taken: set[UUID] = set()
        for entry in entries:
            self._by_amount[entry.currency, entry.amount].append(entry)
            for text in entry.texts:
                self._by_text[entry.currency, text].append(entry)

    def may_be(self, row: IncomingRow) -> bool:
        return not row.is_pending and bool(self._of_amount(row) or self._changed(row))

    def match_rows(self, rows: Sequence[IncomingRow]) -> dict[int, RowMatch]:
        """Match equal amount and text first, then equal text with a changed amount; an equal amount alone is a review."""
        matches = self._pass(rows, self._same, self._nearest)
        matches |= self._pass(_without(rows, matches), self._changed, self._only_row)
        for row in _without(rows, matches):
            if candidates := self._of_amount(row):
                matches[row.number] = _review_match(candidates, "pending_may_have_posted")
        return matches

    def _pass(
        self,
        rows: Iterable[IncomingRow],
        candidates: Candidates,
        choose: Callable[[ExistingTransaction, list[IncomingRow]], IncomingRow | None],
    ) -> dict[int, RowMatch]:
        matches: dict[int, RowMatch] = {}
        rows_for_entry: defaultdict[UUID, list[IncomingRow]] = defaultdict(list)
        wanted: dict[UUID, ExistingTransaction] = {}
        for row in rows:
            found = candidates(row)
            if len(found) > 1:
                matches[row.number] = _review_match(found, "pending_may_have_posted")
            elif found:
                rows_for_entry[found[0].id].append(row)
                wanted[found[0].id] = found[0]
        for key, entry in wanted.items():
            matches |= self._assign(entry, rows_for_entry[key], choose(entry, rows_for_entry[key]))
        return matches

    def _assign(
        self, entry: ExistingTransaction, rows_for_entry: list[IncomingRow], winner: IncomingRow | None
    ) -> dict[int, RowMatch]:
        if winner is None:
            return {row.number: _review_match([entry], "pending_may_have_posted") for row in rows_for_entry}
        self._taken.add(entry.id)
        return {winner.number: RowMatch(MatchOutcome.SUPERSEDED, (entry.id,))}

    @staticmethod
    def _nearest(entry: ExistingTransaction, rows_for_entry: list[IncomingRow]) -> IncomingRow | None:
        """Return the row nearest in time: these rows have equal amounts and texts, so the choice changes no sum."""
        return min(rows_for_entry, key=lambda row: (abs(row.day - entry.day), row.number))

    @staticmethod
    def _only_row(entry: ExistingTransaction, rows_for_entry: list[IncomingRow]) -> IncomingRow | None:
        """Return the row if it is the only one: which of several changed amounts belongs to the entry is unknown."""
        return rows_for_entry[0] if len(rows_for_entry) == 1 else None

    def _same(self, row: IncomingRow) -> list[ExistingTransaction]:
        return self._first(row, (entry for entry in self._at(row) if entry.texts & row.texts))

    def _of_amount(self, row: IncomingRow) -> list[ExistingTransaction]:
        return self._first(row, self._at(row))

    def _at(self, row: IncomingRow) -> list[ExistingTransaction]:
        return self._by_amount.get((row.currency, row.amount), [])

    def _changed(self, row: IncomingRow) -> list[ExistingTransaction]:
        alike = {entry.id: entry for text in row.texts for entry in self._by_text.get((row.currency, text), [])}
        return self._first(row, (entry for entry in alike.values() if entry.may_become(row.amount)))

    def _first(self, row: IncomingRow, entries: Iterable[ExistingTransaction]) -> list[ExistingTransaction]:
        found: list[ExistingTransaction] = []
        for entry in entries:
            if entry.id not in self._taken and abs(row.day - entry.day) <= MAX_DAYS_TO_POST:
                found.append(entry)
            if len(found) == MAX_CANDIDATES:
                break
        return found


class _ManualMatcher:
    """Matches rows with transactions that the user entered; each matches one row of its day, amount and currency."""

    def __init__(self, entries: Iterable[ExistingTransaction]) -> None:
        self._by_content: defaultdict[tuple[date, str, Decimal], list[ExistingTransaction]] = defaultdict(list)
        for entry in entries:
            self._by_content[entry.day, entry.currency, entry.amount].append(entry)

    def may_be(self, row: IncomingRow) -> bool:
        return _content(row) in self._by_content

    def match_rows(self, rows: Sequence[IncomingRow], taken: set[UUID]) -> dict[int, RowMatch]:
        """Match rows of equal text first, so that no review uses a transaction that another row matches; skip `taken`."""
        free = {key: [entry for entry in entries if entry.id not in taken] for key, entries in self._by_content.items()}
        matches: dict[int, RowMatch] = {}
        for row in rows:
            entry = next((entry for entry in free.get(_content(row), []) if entry.texts & row.texts), None)
            if entry:
                free[_content(row)].remove(entry)
                matches[row.number] = RowMatch(MatchOutcome.DUPLICATE, (entry.id,))
        for row in _without(rows, matches):
            if left := free.get(_content(row)):
                matches[row.number] = _review_match(left[:MAX_CANDIDATES], "possible_duplicate")
                left.pop(0)
        return matches


def _content(row: IncomingRow) -> tuple[date, str, Decimal]:
    return row.day, row.currency, row.amount


def _without(rows: Iterable[IncomingRow], matches: dict[int, RowMatch]) -> Iterator[IncomingRow]:
    return (row for row in rows if row.number not in matches)


def _review_match(entries: Iterable[ExistingTransaction], reason: str) -> RowMatch:
    return RowMatch(MatchOutcome.REVIEW, tuple(entry.id for entry in entries), reason)
