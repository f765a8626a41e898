"""What a life with money is made of: what comes on its day, what is bought now and then, what is moved between accounts.

A day's movements depend on that day alone (`random.Random` is seeded with it), so that tomorrow's run adds a day and leaves
the others as they are.
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
    """An account as it was a year ago: `opening` is what was on it."""

    key: str
    name: str
    kind: str
    institution: str
    opening: Decimal
    number: str = ""
    routing: str = ""
    credit_limit: Decimal | None = None
    interest_rate: Decimal | None = None


@dataclass(frozen=True)
class RegularPayment:
    """Comes when `rhythm` says so; `amount` is signed and varies by up to `spread`."""

    rhythm: Rhythm
    account: str
    kind: str
    amount: Decimal
    category: str
    merchant: str
    spread: Decimal = Decimal(0)


@dataclass(frozen=True)
class SpendingHabit:
    """Bought some times a week, more often on Fridays and weekends when `is_leisure`."""

    account: str
    category: str
    per_week: float
    low: float
    high: float
    merchants: tuple[str, ...]
    is_leisure: bool = False


@dataclass(frozen=True)
class DemoTransfer:
    """Money moved between two accounts of one's own; both sides appear."""

    rhythm: Rhythm
    source: str
    target: str
    amount: Decimal
    text: str


@dataclass(frozen=True)
class CardPayment:
    """Pays on `day` what the card was charged in the month before."""

    day: int
    source: str
    card: str


@dataclass(frozen=True)
class DemoStatement:
    """An account that is fed by its bank's files only: topped up by `paid_in` on the first, and spent by `habit`."""

    account: str
    form: str
    paid_in: Decimal
    habit: SpendingHabit


@dataclass(frozen=True)
class DemoFinances:
    """All of one customer's accounts and habits."""

    currency: str
    accounts: tuple[DemoAccount, ...]
    regulars: tuple[RegularPayment, ...]
    habits: tuple[SpendingHabit, ...]
    transfers: tuple[DemoTransfer, ...]
    card_payments: tuple[CardPayment, ...]
    statement: DemoStatement


@dataclass(frozen=True)
class DemoTransaction:
    """One line of an account's statement. `reference` names it for good."""

    reference: str
    account: str
    kind: str
    day: date
    amount: Decimal
    category: str
    merchant: str
    text: str
    metadata: dict[str, Any] = field(default_factory=dict)


def monthly(day: int, *months: int) -> Rhythm:
    """On `day` of every month (of `months`, where some are named), on the last one where the month is shorter."""
    return lambda today: (
        today.day == min(day, calendar.monthrange(today.year, today.month)[1]) and (not months or today.month in months)
    )


def every_other_week(first: date) -> Rhythm:
    """On `first` and every 14 days before and after."""
    return lambda today: (today - first).days % 14 == 0


def generate_transactions(life: DemoFinances, seed: str, first: date, last: date) -> Iterator[DemoTransaction]:
    """Everything that moved from `first` to `last`, day by day."""
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    for day in days:
        yield from _own_movements(life, seed, day)
        for number, payment in enumerate(life.card_payments):
            if payment.day == day.day:
                owed = _charged_in_month_before(life, seed, payment.card, day)
                transfer = DemoTransfer(monthly(payment.day), payment.source, payment.card, owed, "Card payment")
                yield from _both_sides(transfer, f"C{number:02}", day) if owed > 0 else ()


def _own_movements(life: DemoFinances, seed: str, day: date) -> Iterator[DemoTransaction]:
    rng = random.Random(f"{seed} {day}")
    for number, regular in enumerate(life.regulars):
        if regular.rhythm(day):
            yield _regular(regular, f"R{number:02}", day, rng)
    for number, habit in enumerate(life.habits):
        for time in range(_times(habit, day, rng)):
            yield _purchase(habit, f"H{number:02}{time}", day, rng)
    for number, transfer in enumerate(life.transfers):
        if transfer.rhythm(day):
            yield from _both_sides(transfer, f"T{number:02}", day)


def _reference(part: str, day: date) -> str:
    return f"DEMO-{day:%Y%m%d}-{part}"


def _regular(regular: RegularPayment, part: str, day: date, rng: random.Random) -> DemoTransaction:
    change = Decimal(rng.uniform(-1, 1)) * regular.spread
    amount = (regular.amount + change).quantize(CENT)
    return DemoTransaction(
        _reference(part, day), regular.account, regular.kind, day, amount, regular.category, regular.merchant, regular.merchant
    )


def _times(habit: SpendingHabit, day: date, rng: random.Random) -> int:
    likely = habit.per_week / 7 * ((1.8 if day.weekday() >= 4 else 0.5) if habit.is_leisure else 1)
    return int(likely) + (rng.random() < likely % 1)


def _purchase(habit: SpendingHabit, part: str, day: date, rng: random.Random) -> DemoTransaction:
    """Small amounts are more frequent than large ones (a triangle's mode near its low end)."""
    amount = -Decimal(rng.triangular(habit.low, habit.high, habit.low + (habit.high - habit.low) / 4)).quantize(CENT)
    merchant = rng.choice(habit.merchants)
    text = f"CARD PURCHASE {merchant.upper()}"
    return DemoTransaction(_reference(part, day), habit.account, "expense", day, amount, habit.category, merchant, text)


def _both_sides(transfer: DemoTransfer, part: str, day: date) -> Iterator[DemoTransaction]:
    for suffix, account, amount in (("O", transfer.source, -transfer.amount), ("I", transfer.target, transfer.amount)):
        metadata = {"transfer": _reference(part, day)}
        reference = _reference(f"{part}{suffix}", day)
        yield DemoTransaction(reference, account, "transfer", day, amount, "transfer", "", transfer.text, metadata)


def _charged_in_month_before(life: DemoFinances, seed: str, card: str, day: date) -> Decimal:
    last = day.replace(day=1) - timedelta(days=1)
    days = (last.replace(day=number) for number in range(1, last.day + 1))
    charged = [item.amount for day in days for item in _own_movements(life, seed, day) if item.account == card]
    return -sum(charged, Decimal(0))
