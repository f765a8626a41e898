"""Which transaction that is there already a statement's row speaks of, where neither its id nor its content has told.

Two questions, in this order: which pending transaction has now been posted, and which one did the user enter by hand.
What could be two things is a doubt for the user to settle; nothing here decides by guessing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from finance.statements.text import normalize_text

# Card payments post within a week (Visa and Mastercard clear in 1 to 5 working days); a tip or a hold changes the amount.
MAX_DAYS_TO_POST = timedelta(days=7)
MAX_AMOUNT_CHANGE = Decimal("0.30")
# Nobody chooses among more; it also bounds the work when thousands of transactions are alike.
MAX_CANDIDATES = 10


class MatchOutcome(StrEnum):
    """The verdicts that a match can lead to, as `finance.models.imports.RowVerdict` calls them."""

    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class IncomingRow:
    """A row of the file that is not known yet. `amount` is signed; `texts` come from `texts_of`."""

    number: int
    day: date
    amount: Decimal
    currency: str
    texts: frozenset[str]
    is_pending: bool


@dataclass(frozen=True, slots=True)
class ExistingTransaction:
    """A transaction of the account. `is_manual` says that no statement has brought it."""

    id: UUID
    day: date
    amount: Decimal
    currency: str
    texts: frozenset[str]
    is_pending: bool
    is_manual: bool

    def may_become(self, amount: Decimal) -> bool:
        """Check for another amount of the same sign, at most 30 % away, as a tip or the end of a hold makes it."""
        change = abs(amount - self.amount)
        return bool(change) and (self.amount > 0) is (amount > 0) and change <= abs(self.amount) * MAX_AMOUNT_CHANGE


@dataclass(frozen=True, slots=True)
class RowMatch:
    """What a row is: `outcome` with the one transaction it speaks of, or REVIEW with those it may speak of."""

    outcome: MatchOutcome
    candidates: tuple[UUID, ...]


Candidates = Callable[[IncomingRow], list[ExistingTransaction]]


def texts_of(description: str, merchant: str) -> frozenset[str]:
    """The normalised texts a movement can be known by; "" stands for having none, so that two without any are alike."""
    return frozenset(filter(None, map(normalize_text, (description, merchant)))) or frozenset({""})


def match(rows: Iterable[IncomingRow], existing: Sequence[ExistingTransaction]) -> dict[int, RowMatch]:
    """Row number to finding; a row that is not among them is new. Only rows with a candidate are kept in memory."""
    pending = _PendingMatcher([entry for entry in existing if entry.is_pending])
    by_hand = _ManualMatcher([entry for entry in existing if entry.is_manual])
    near = [row for row in rows if pending.may_be(row) or by_hand.may_be(row)]
    findings = pending.match_rows([row for row in near if not row.is_pending])
    taken = {finding.candidates[0] for finding in findings.values() if finding.outcome is MatchOutcome.SUPERSEDED}
    return findings | by_hand.match_rows([row for row in near if row.number not in findings], taken)


class _PendingMatcher:
    """The account's pending transactions."""

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
        """Equal amount and text first, then equal text with a tip; equal amount with another text is never certain."""
        findings = self._pass(rows, self._same, self._nearest)
        findings |= self._pass(_without(rows, findings), self._changed, self._no_match)
        for row in _without(rows, findings):
            if doubtful := self._of_amount(row):
                findings[row.number] = _review_match(doubtful)
        return findings

    def _pass(
        self,
        rows: Iterable[IncomingRow],
        candidates: Candidates,
        choose: Callable[[ExistingTransaction, list[IncomingRow]], IncomingRow | None],
    ) -> dict[int, RowMatch]:
        findings: dict[int, RowMatch] = {}
        rows_for_entry: defaultdict[UUID, list[IncomingRow]] = defaultdict(list)
        wanted: dict[UUID, ExistingTransaction] = {}
        for row in rows:
            found = candidates(row)
            if len(found) > 1:
                findings[row.number] = _review_match(found)
            elif found:
                rows_for_entry[found[0].id].append(row)
                wanted[found[0].id] = found[0]
        for key, entry in wanted.items():
            findings |= self._awarded(entry, rows_for_entry[key], choose(entry, rows_for_entry[key]))
        return findings

    def _awarded(
        self, entry: ExistingTransaction, rows_for_entry: list[IncomingRow], winner: IncomingRow | None
    ) -> dict[int, RowMatch]:
        if winner is None:
            return {row.number: _review_match([entry]) for row in rows_for_entry}
        self._taken.add(entry.id)
        return {winner.number: RowMatch(MatchOutcome.SUPERSEDED, (entry.id,))}

    @staticmethod
    def _nearest(entry: ExistingTransaction, rows_for_entry: list[IncomingRow]) -> IncomingRow | None:
        """Rows of one amount and text are alike, so which of them it was changes no sum: the nearest in time."""
        return min(rows_for_entry, key=lambda row: (abs(row.day - entry.day), row.number))

    @staticmethod
    def _no_match(entry: ExistingTransaction, rows_for_entry: list[IncomingRow]) -> IncomingRow | None:
        """Of several changed amounts nobody can say which one grew out of the pending one."""
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
    """Transactions that the user entered; each absorbs one row of its day, amount and currency."""

    def __init__(self, entries: Iterable[ExistingTransaction]) -> None:
        self._by_content: defaultdict[tuple[date, str, Decimal], list[ExistingTransaction]] = defaultdict(list)
        for entry in entries:
            self._by_content[entry.day, entry.currency, entry.amount].append(entry)

    def may_be(self, row: IncomingRow) -> bool:
        return _content(row) in self._by_content

    def match_rows(self, rows: Sequence[IncomingRow], taken: set[UUID]) -> dict[int, RowMatch]:
        """Those of equal text first, so that no doubt takes what another row is sure of. `taken` ones are not there."""
        free = {key: [entry for entry in entries if entry.id not in taken] for key, entries in self._by_content.items()}
        findings: dict[int, RowMatch] = {}
        for row in rows:
            entry = next((entry for entry in free.get(_content(row), []) if entry.texts & row.texts), None)
            if entry:
                free[_content(row)].remove(entry)
                findings[row.number] = RowMatch(MatchOutcome.DUPLICATE, (entry.id,))
        for row in _without(rows, findings):
            if left := free.get(_content(row)):
                findings[row.number] = _review_match(left[:MAX_CANDIDATES])
                left.pop(0)
        return findings


def _content(row: IncomingRow) -> tuple[date, str, Decimal]:
    return row.day, row.currency, row.amount


def _without(rows: Iterable[IncomingRow], findings: dict[int, RowMatch]) -> Iterator[IncomingRow]:
    return (row for row in rows if row.number not in findings)


def _review_match(entries: Iterable[ExistingTransaction]) -> RowMatch:
    return RowMatch(MatchOutcome.REVIEW, tuple(entry.id for entry in entries))
