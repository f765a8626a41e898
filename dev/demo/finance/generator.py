"""Generation of demo transactions: regular payments, purchases by habit, and transfers between accounts.

A day's transactions depend only on that day, which seeds `random.Random`. A later run adds days and does not change the others.
"""

import calendar
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

CENT = Decimal("0.01")
Rhythm = Callable[[date], bool]


@dataclass(frozen=True)
class DemoAccount:
    """An account. `opening` is its balance a year ago."""

    key: str
    profile_name: str
    profile_type: str
    institution_name: str
    opening: Decimal
    number: str = ""
    routing: str = ""
    credit_limit: Decimal | None = None
    interest_rate: Decimal | None = None


@dataclass(frozen=True)
class RegularPayment:
    """A payment on the days of `rhythm`. `amount` is signed and varies by up to `spread`."""

    rhythm: Rhythm
    account: str
    kind: str
    amount: Decimal
    category: str
    merchant: str
    spread: Decimal = Decimal(0)


@dataclass(frozen=True)
class SpendingHabit:
    """Purchases, on average `per_week`. If `is_leisure`, more of them are on Fridays and weekends."""

    account: str
    category: str
    per_week: float
    low: float
    high: float
    merchants: tuple[str, ...]
    is_leisure: bool = False


@dataclass(frozen=True)
class DemoTransfer:
    """A transfer between two of the customer's accounts, with a transaction on each."""

    rhythm: Rhythm
    source: str
    target: str
    amount: Decimal
    text: str


@dataclass(frozen=True)
class CardPayment:
    """A payment on `day` of the card's charges in the previous month."""

    day: int
    source: str
    card: str


@dataclass(frozen=True)
class DemoStatement:
    """An account with transactions from statement files only: a deposit of `paid_in` on the first, and purchases by `habit`."""

    account: str
    form: str
    paid_in: Decimal
    habit: SpendingHabit


@dataclass(frozen=True)
class DemoFinances:
    """A customer's accounts, and the patterns of their transactions."""

    currency: str
    accounts: tuple[DemoAccount, ...]
    regulars: tuple[RegularPayment, ...]
    habits: tuple[SpendingHabit, ...]
    transfers: tuple[DemoTransfer, ...]
    card_payments: tuple[CardPayment, ...]
    statement: DemoStatement


@dataclass(frozen=True)
class DemoTransaction:
    """A transaction. `reference_number` is the same in every run."""

    reference_number: str
    account: str
    transaction_type: str
    transaction_date: date
    amount: Decimal
    category: str
    merchant_name: str
    description: str
    more_metadata: dict[str, Any] = field(default_factory=dict)


def monthly(day: int, *months: int) -> Rhythm:
    """Return the rhythm of `day` in each month, or each of `months`. A shorter month has its last day instead."""
    return lambda today: (
        today.day == min(day, calendar.monthrange(today.year, today.month)[1]) and (not months or today.month in months)
    )


def every_other_week(first: date) -> Rhythm:
    """Return the rhythm of `first` and every 14 days before and after."""
    return lambda today: (today - first).days % 14 == 0


def generate_transactions(finances: DemoFinances, seed: str, first: date, last: date) -> Iterator[DemoTransaction]:
    """Yield the transactions from `first` to `last`, day by day."""
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    for day in days:
        yield from _day_transactions(finances, seed, day)
        for number, payment in enumerate(finances.card_payments):
            if payment.day == day.day:
                owed = _charged_in_month_before(finances, seed, payment.card, day)
                transfer = DemoTransfer(monthly(payment.day), payment.source, payment.card, owed, "Card payment")
                yield from _both_sides(transfer, f"C{number:02}", day) if owed > 0 else ()


def _day_transactions(finances: DemoFinances, seed: str, day: date) -> Iterator[DemoTransaction]:
    rng = random.Random(f"{seed} {day}")
    for number, regular in enumerate(finances.regulars):
        if regular.rhythm(day):
            yield _regular(regular, f"R{number:02}", day, rng)
    for number, habit in enumerate(finances.habits):
        for time in range(_purchase_count(habit, day, rng)):
            yield _purchase(habit, f"H{number:02}{time}", day, rng)
    for number, transfer in enumerate(finances.transfers):
        if transfer.rhythm(day):
            yield from _both_sides(transfer, f"T{number:02}", day)


def _reference(part: str, day: date) -> str:
    return f"DEMO-{day:%Y%m%d}-{part}"


def _regular(regular: RegularPayment, part: str, day: date, rng: random.Random) -> DemoTransaction:
    deviation = Decimal(rng.uniform(-1, 1)) * regular.spread
    amount = (regular.amount + deviation).quantize(CENT)
    return DemoTransaction(
        _reference(part, day), regular.account, regular.kind, day, amount, regular.category, regular.merchant, regular.merchant
    )


def _purchase_count(habit: SpendingHabit, day: date, rng: random.Random) -> int:
    expected = habit.per_week / 7 * ((1.8 if day.weekday() >= 4 else 0.5) if habit.is_leisure else 1)
    return int(expected) + (rng.random() < expected % 1)


def _purchase(habit: SpendingHabit, part: str, day: date, rng: random.Random) -> DemoTransaction:
    """Return a purchase. Small amounts are more frequent than large ones (a triangular distribution)."""
    amount = -Decimal(rng.triangular(habit.low, habit.high, habit.low + (habit.high - habit.low) / 4)).quantize(CENT)
    merchant = rng.choice(habit.merchants)
    text = f"CARD PURCHASE {merchant.upper()}"
    return DemoTransaction(_reference(part, day), habit.account, "expense", day, amount, habit.category, merchant, text)


def _both_sides(transfer: DemoTransfer, part: str, day: date) -> Iterator[DemoTransaction]:
    for suffix, account, amount in (("O", transfer.source, -transfer.amount), ("I", transfer.target, transfer.amount)):
        metadata = {"transfer": _reference(part, day)}
        reference = _reference(f"{part}{suffix}", day)
        yield DemoTransaction(reference, account, "transfer", day, amount, "transfer", "", transfer.text, metadata)


def _charged_in_month_before(finances: DemoFinances, seed: str, card: str, day: date) -> Decimal:
    last = day.replace(day=1) - timedelta(days=1)
    days = (last.replace(day=number) for number in range(1, last.day + 1))
    charged = [item.amount for day in days for item in _day_transactions(finances, seed, day) if item.account == card]
    return -sum(charged, Decimal(0))
