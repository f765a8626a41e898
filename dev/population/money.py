"""The accounts and transactions of the customers, month by month.

A month's transactions depend only on the customer and the month, so a later run adds the days that are missing.
"""

import calendar
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dev.population.draws import amount, around, month_after, parameters, source_of
from dev.population.people import Person

CHECKING, SAVINGS, CARD = "checking", "savings", "card"
ON_CARD = ("dining", "entertainment", "clothing")
LEISURE = ("dining", "entertainment")
CARD_PAYMENT_DAY = 25
MONTHS_IN_RESERVE = 2.5  # of the net income, in the checking account at first


@dataclass(frozen=True)
class Account:
    """An account. `opening` is its balance before the first transaction."""

    key: str
    name: str
    kind: str
    institution: str
    opening: Decimal
    limit: Decimal | None = None
    rate: Decimal | None = None


@dataclass(frozen=True)
class Transaction:
    """A transaction. `reference` is the same in every run."""

    reference: str
    account: str
    kind: str
    day: date
    amount: Decimal
    category: str
    merchant: str


@dataclass(frozen=True)
class Budget:
    """A customer's monthly figures in their currency."""

    person: Person
    net: float

    @property
    def spending(self) -> float:
        return self.net * float(parameters()["money"]["spent"])

    def share(self, name: str) -> float:
        return self.spending * float(parameters()["money"][name])

    def exact(self, value: float) -> Decimal:
        return amount(value, self.person.decimals)


def budget(person: Person) -> Budget:
    return Budget(person, person.income * (1 - parameters()["money"]["tax"]) / 12)


def accounts(person: Person, first: date) -> list[Account]:
    """Return the accounts of a customer whose transactions begin on `first`, the first day of a month."""
    own, rng, rates = budget(person), source_of("accounts", person.key), parameters()["money"]
    bank = rng.choice(("First Example Bank", "Harbor Example Bank", "Lakefront Credit Union", "Example Direct"))
    owed = _charged(_month(person, month_after(first, -1)))
    return [
        Account(CHECKING, "Checking", "checking", bank, own.exact(own.net * MONTHS_IN_RESERVE)),
        Account(
            SAVINGS,
            "Savings",
            "savings",
            bank,
            own.exact(own.net * rng.uniform(0.5, 8)),
            rate=Decimal(str(rates["savings_rate"])),
        ),
        Account(
            CARD,
            "Credit card",
            "credit",
            "Meridian Cards",
            -owed,
            own.exact(round(own.net * 1.5, -2)),
            Decimal(str(rates["card_rate"])),
        ),
    ]


def transactions(person: Person, first: date, last: date) -> Iterator[Transaction]:
    """Yield the transactions from `first` to `last`, month by month."""
    month = first.replace(day=1)
    items = _month(person, month_after(month, -1))
    while month <= last:
        owed, day = _charged(items), month.replace(day=CARD_PAYMENT_DAY)
        items = _month(person, month)
        yield from (item for item in items if first <= item.day <= last)
        if owed and first <= day <= last:
            yield from _transfer("card payment", CHECKING, CARD, owed, day)
        month = month_after(month, 1)


def _charged(items: Sequence[Transaction]) -> Decimal:
    return -sum((item.amount for item in items if item.account == CARD), Decimal(0))


def _month(person: Person, month: date) -> list[Transaction]:
    rng, own = source_of("money", person.key, f"{month:%Y-%m}"), budget(person)
    days = calendar.monthrange(month.year, month.month)[1]
    return [*_salary(own, rng, month, days), *_bills(own, rng, month), *_purchases(own, rng, month, days)]


def _salary(own: Budget, rng: random.Random, month: date, days: int) -> Iterator[Transaction]:
    profile = own.person.profile
    if profile["employment_status"] == "self_employed":
        parts = [(rng.randint(2, days), around(rng, own.net / 3, 0.3)) for _ in range(3)]
        category, payer = "invoices", "Customers"
    elif profile["country"] == "US":
        parts, category, payer = [(15, own.net / 2), (days, own.net / 2)], "salary", profile["company_name"]
    else:
        parts, category, payer = [(27, own.net)], "salary", profile["company_name"]
    for number, (day, value) in enumerate(parts):
        yield Transaction(
            f"IN-{month:%Y%m}-{number}", CHECKING, "income", month.replace(day=day), own.exact(value), category, payer
        )


def _bills(own: Budget, rng: random.Random, month: date) -> Iterator[Transaction]:
    fixed = source_of("bills", own.person.key)
    rent = own.share("housing") - own.share("utilities")
    bills = (
        ("rent", fixed.randint(1, 5), rent, "Chelsea Homes", 0.0),
        ("utilities", fixed.randint(8, 14), own.share("utilities"), "Metro Electric & Gas", 0.18),
        ("insurance", fixed.randint(15, 22), own.share("healthcare") * 0.7, "Steady Mutual", 0.0),
        ("phone", fixed.randint(6, 24), 55 * own.person.per_dollar, "Bluebird Mobile", 0.0),
    )
    for category, day, value, merchant, spread in bills:
        yield _expense(own, category, month.replace(day=day), around(rng, value, spread), merchant, CHECKING, category)
    saved = own.exact(own.net * parameters()["money"]["saved_monthly"])
    yield from _transfer("to savings", CHECKING, SAVINGS, saved, month.replace(day=fixed.randint(2, 9)))


def _purchases(own: Budget, rng: random.Random, month: date, days: int) -> Iterator[Transaction]:
    money, clothing = parameters()["money"], own.share("clothing")
    monthly = {
        "groceries": own.share("food") - own.share("eating_out"),
        "dining": own.share("eating_out"),
        "transport": own.share("transportation") * 0.4,  # the rest is for vehicles, which are bought rarely
        "entertainment": own.share("entertainment"),
        "health": own.share("healthcare") * 0.3,
        "clothing": clothing,
    }
    weights = [money["weekend_factor"] if month.replace(day=day).weekday() >= 4 else 1 for day in range(1, days + 1)]
    for category, value in monthly.items():
        expected = money["purchases_a_month"][category]
        for number in range(int(expected) + (rng.random() < expected % 1)):
            day = rng.choices(range(1, days + 1), weights if category in LEISURE else None)[0]
            price = around(rng, value / expected, money["spread"])
            account = CARD if category in ON_CARD else CHECKING
            merchant = rng.choice(money["merchants"][category])
            yield _expense(own, category, month.replace(day=day), price, merchant, account, f"{category}-{number}")


def _expense(own: Budget, category: str, day: date, value: float, merchant: str, account: str, part: str) -> Transaction:
    return Transaction(f"{part}-{day:%Y%m%d}".upper(), account, "expense", day, -own.exact(value), category, merchant)


def _transfer(name: str, source: str, target: str, value: Decimal, day: date) -> Iterator[Transaction]:
    for account, signed in ((source, -value), (target, value)):
        yield Transaction(
            f"{name}-{day:%Y%m%d}-{account}".upper().replace(" ", "-"), account, "transfer", day, signed, "transfer", ""
        )


def first_day(today: date) -> date:
    """Return the first day of the month in which the customers' data begins."""
    return month_after(today, -int(parameters()["months"])).replace(day=1)
