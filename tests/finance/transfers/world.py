"""Generated households: true transfers, payments that look like them, and everyday payments, with a fixed seed."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from finance.transfer_evidence import Movement, OwnAccount, Reader
from finance.transfer_pairs import Proposal, propose

FIRST = date(2025, 1, 6)
DAYS = 540
RATE = Decimal("1.0812")  # EUR in USD

Texts = tuple[str, str]
"""The counterparty's name (may be empty) and the text of a row."""


@dataclass
class World:
    """The rows of a household, and the pairs that are true transfers."""

    accounts: list[OwnAccount]
    own_names: list[str]
    rng: random.Random
    rows: list[Movement] = field(default_factory=list)
    true: set[tuple[UUID, UUID]] = field(default_factory=set)
    lookalikes: set[tuple[UUID, UUID]] = field(default_factory=set)

    def key(self) -> UUID:
        return UUID(int=self.rng.getrandbits(128), version=4)

    def day(self) -> date:
        return FIRST + timedelta(self.rng.randrange(DAYS))

    def add(self, account: OwnAccount, day: date, amount: Decimal, texts: Texts, currency: str, kind: str = "") -> Movement:
        name, text = texts
        usual = "income" if amount > 0 else "expense"
        row = Movement(self.key(), account.id, day, amount, currency, (text, ""), name, usual, kind)
        self.rows.append(row)
        return row


def account(number: int, name: str, institution: str, digits: str, kind: str = "checking") -> OwnAccount:
    return OwnAccount(UUID(int=number), name, institution, digits, is_debt=kind == "credit", is_savings=kind == "savings")


def sum_of(rng: random.Random, low: int, high: int) -> Decimal:
    """Return an amount as people choose and shops charge them: half of them round."""
    whole = rng.randrange(low, high)
    return Decimal(whole // 10 * 10 or 10) if rng.random() < 0.5 else Decimal(whole) + Decimal(rng.randrange(100)) / 100


def delay(rng: random.Random) -> int:
    return rng.choices([-1, 0, 1, 2, 3, 4, 5], [3, 45, 25, 14, 8, 3, 2])[0]


def convert(amount: Decimal, base: str, quote: str, day: date) -> Decimal:
    return amount * RATE if base == "EUR" else amount / RATE


def proposals_of(world: World) -> list[Proposal]:
    reader = Reader(world.accounts, world.own_names)
    return propose(world.rows, reader, convert=convert, quotes=[("EUR", "USD"), ("USD", "EUR")])


def figures(world: World, found: list[Proposal]) -> tuple[float, float]:
    """Return precision and recall."""
    pairs = {(proposal.outgoing, proposal.incoming) for proposal in found}
    right = pairs & world.true
    return len(right) / len(pairs), len(right) / len(world.true)


def with_everyday_life(world: World, payments: list[Callable[[], tuple[Texts, Decimal]]], number: int, currency: str) -> None:
    """Add payments of every day to the accounts, so that some are equal to others by chance."""
    for _ in range(number):
        texts, amount = world.rng.choice(payments)()
        world.add(world.rng.choice(world.accounts[:2]), world.day(), amount, texts, currency)
