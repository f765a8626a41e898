"""The search for pairs of transactions that may be transfers, and the choice of the best ones."""

import math
from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from finance.best_matching import best_matching
from finance.transfer_evidence import Movement, Reader
from finance.transfer_points import BASE, BY_DAYS, MAX_DAYS, ODD_MULTIPLE, POINTS, Evidence

MAX_SHARE, MAX_FEE = Decimal("0.03"), Decimal(25)
MAX_CANDIDATES = 12  # of one outgoing transaction, the nearest days first
RARE = 2  # transactions with the same reference
REGULAR = 3  # equal payments
MOSTLY, SELDOM = 0.8, 0.5
DAYS = sorted(range(-MAX_DAYS, MAX_DAYS + 1), key=lambda days: (abs(days), days < 0))

Convert = Callable[[Decimal, str, str, date], Decimal | None]
Key = tuple[int, int]  # the numbers of the rows


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pair that is likely a transfer: the confidence from 0 to 1, and the points of its evidence."""

    outgoing: UUID
    incoming: UUID
    confidence: Decimal
    reasons: list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pair whose amounts and days fit. `is_equal` and `is_converted` compare the amounts."""

    paid: Movement
    received: Movement
    is_equal: bool
    is_converted: bool


def propose(
    rows: list[Movement],
    reader: Reader,
    *,
    convert: Convert,
    quotes: Iterable[tuple[str, str]] = (),
    may_pair: Callable[[Movement, Movement], bool] = lambda paid, received: True,
) -> list[Proposal]:
    """Return the proposals with the highest total points, in which each movement is in at most one.

    `convert` returns an amount of a currency in another one on a day; `quotes` are the pairs of currencies that it knows.
    """
    for number, row in enumerate(rows):
        row.number = number
    found = [pair for pair in candidates(rows, convert, quotes) if may_pair(pair.paid, pair.received)]
    scored = _scored(found, rows, reader)
    weights: dict[int, dict[int, float]] = defaultdict(dict)
    for (outgoing, incoming), points in scored.items():
        total = BASE + sum(points.values())
        if total > 0:
            weights[outgoing][incoming] = total
    return [
        Proposal(
            rows[outgoing].id,
            rows[incoming].id,
            round(Decimal(1 / (1 + math.exp(-weights[outgoing][incoming]))), 2),
            _reasons(scored[outgoing, incoming]),
        )
        for outgoing, incoming in best_matching(weights).items()
    ]


def _reasons(points: dict[Evidence, float]) -> list[dict[str, object]]:
    """Return the evidence as JSON, the strongest first."""
    ordered = sorted(points.items(), key=lambda each: (-abs(each[1]), each[0]))
    return [{"evidence": str(evidence), "points": round(value, 2)} for evidence, value in ordered if value]


def candidates(rows: list[Movement], convert: Convert, quotes: Iterable[tuple[str, str]]) -> Iterator[Candidate]:
    """Yield the pairs whose signs, accounts, days and amounts fit, for each outgoing movement the nearest days first."""
    targets = defaultdict(list)
    for base, quote in quotes:
        targets[base].append(quote)
    arrivals: dict[tuple[str, date], list[tuple[Decimal, int]]] = defaultdict(list)
    for row in rows:
        if row.amount > 0:
            insort(arrivals[row.currency, row.day], (row.amount, row.number))
    for paid in (row for row in rows if row.amount < 0):
        least = max(-paid.amount * (1 - MAX_SHARE), -paid.amount - MAX_FEE)
        bounds = [(paid.currency, least, -paid.amount)]
        for currency in targets[paid.currency]:
            amount = convert(-paid.amount, paid.currency, currency, paid.day)
            if amount is not None:
                bounds.append((currency, amount * (1 - MAX_SHARE), amount * (1 + MAX_SHARE)))
        yield from _near(paid, bounds, arrivals, rows)


def _near(
    paid: Movement,
    bounds: list[tuple[str, Decimal, Decimal]],
    arrivals: dict[tuple[str, date], list[tuple[Decimal, int]]],
    rows: list[Movement],
) -> Iterator[Candidate]:
    number = 0
    for days in DAYS:
        if number >= MAX_CANDIDATES:
            return
        for currency, low, high in bounds:
            sums = arrivals.get((currency, paid.day + timedelta(days)), [])
            fitting = sums[bisect_left(sums, (low, -1)) : bisect_right(sums, (high, len(rows)))][::-1]
            turn = paid.number % len(fitting) if len(fitting) > MAX_CANDIDATES else 0  # not the same ones for each of many
            for amount, place in fitting[turn:] + fitting[:turn]:
                if rows[place].account != paid.account and number < MAX_CANDIDATES:
                    number += 1
                    is_converted = currency != paid.currency
                    yield Candidate(paid, rows[place], not is_converted and amount == -paid.amount, is_converted)


def _scored(found: list[Candidate], rows: list[Movement], reader: Reader) -> dict[Key, dict[Evidence, float]]:
    sides = {row.number: row for pair in found for row in (pair.paid, pair.received)}
    for row in sides.values():
        reader.read(row)
    frequency = Counter(reference for row in sides.values() for reference in row.references)
    rare = frozenset(reference for reference, number in frequency.items() if number <= RARE)
    rivals = Counter(side for pair in found if pair.is_equal for side in (pair.paid.number, pair.received.number))
    regular = _Regularity(rows, found)
    scored: dict[Key, dict[Evidence, float]] = {}
    for pair in found:
        points = reader.points(pair.paid, pair.received, rare=rare) | _of_amounts(pair) | _of_days(pair)
        if pair.is_equal and rivals[pair.paid.number] == rivals[pair.received.number] == 1:
            points[Evidence.ONLY_CANDIDATE] = POINTS[Evidence.ONLY_CANDIDATE]
        scored[pair.paid.number, pair.received.number] = points | regular.points(pair)
    return scored


def _of_amounts(pair: Candidate) -> dict[Evidence, float]:
    if pair.is_converted:
        return {Evidence.CONVERTED_AMOUNT: POINTS[Evidence.CONVERTED_AMOUNT]}
    if not pair.is_equal:
        return {Evidence.SMALLER_AMOUNT: POINTS[Evidence.SMALLER_AMOUNT]}
    odd = {Evidence.ODD_AMOUNT: POINTS[Evidence.ODD_AMOUNT]} if pair.paid.amount % ODD_MULTIPLE else {}
    return {Evidence.EQUAL_AMOUNT: POINTS[Evidence.EQUAL_AMOUNT], **odd}


def _of_days(pair: Candidate) -> dict[Evidence, float]:
    days = (pair.received.day - pair.paid.day).days
    earlier = {Evidence.EARLIER_ARRIVAL: POINTS[Evidence.EARLIER_ARRIVAL]} if days < 0 else {}
    return {Evidence.DAYS_APART: BY_DAYS[abs(days)], **earlier}


class _Regularity:
    """The number of equal payments to a payee, and of those that have a counterpart on another account."""

    def __init__(self, rows: list[Movement], found: list[Candidate]) -> None:
        self.payments = [(row.account, row.amount, row.name or " ".join(row.texts).translate(NO_DIGITS)) for row in rows]
        self.all = Counter(self.payments)
        sides = {(row.number, other.account) for pair in found for row, other in _both(pair)}
        self.paired = Counter((self.payments[number], account) for number, account in sides)

    def points(self, pair: Candidate) -> dict[Evidence, float]:
        shares = []
        for row, other in _both(pair):
            payment = self.payments[row.number]
            if self.all[payment] >= REGULAR:
                shares.append(self.paired[payment, other.account] / self.all[payment])
        if any(share < SELDOM for share in shares):
            return {Evidence.REPEATED_PAYMENT: POINTS[Evidence.REPEATED_PAYMENT]}
        is_regular = len(shares) > 1 and all(share >= MOSTLY for share in shares)
        return {Evidence.REGULAR_PAIR: POINTS[Evidence.REGULAR_PAIR]} if is_regular else {}


NO_DIGITS = str.maketrans("", "", "0123456789")


def _both(pair: Candidate) -> tuple[tuple[Movement, Movement], tuple[Movement, Movement]]:
    return (pair.paid, pair.received), (pair.received, pair.paid)
