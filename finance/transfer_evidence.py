"""Evidence that two transactions are a transfer between own accounts, from their texts, accounts, types and categories."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from core.folding import fold
from finance.transfer_points import POINTS, SECOND, Evidence
from finance.transfer_words import (
    BANK_WORDS,
    BETWEEN_PEOPLE,
    BILL,
    CARD_PAYMENT,
    EARNINGS,
    GENERIC,
    OWN_TRANSFER,
    PAYBACK,
    PURCHASE,
    REFUND,
    TRANSFER,
    WordList,
    phrases_of,
)

REMEMBERED = 20_000
MIN_REFERENCE, MIN_DIGITS = 6, 4
MIN_NAME = 5


MAX_PARTY = 2  # unexplained words that count
LISTS = {
    Evidence.OWN_TRANSFER_WORDS: WordList(OWN_TRANSFER),
    Evidence.TRANSFER_WORDS: WordList(TRANSFER),
    Evidence.CARD_PAYMENT_WORDS: WordList(CARD_PAYMENT),
    Evidence.PURCHASE_WORDS: WordList(PURCHASE),
    Evidence.REFUND_WORDS: WordList(REFUND),
    Evidence.EARNINGS_WORDS: WordList(EARNINGS),
    Evidence.BILL_WORDS: WordList(BILL),
    Evidence.PAYBACK_WORDS: WordList(PAYBACK),
    Evidence.PAYMENT_BETWEEN_PEOPLE: WordList(BETWEEN_PEOPLE),
}
MOVING_WORDS = (Evidence.OWN_TRANSFER_WORDS, Evidence.TRANSFER_WORDS, Evidence.CARD_PAYMENT_WORDS)
KNOWN_WORDS = frozenset(
    word
    for each in (*LISTS.values(), WordList(BANK_WORDS))
    for phrase in (*each.phrases, *each.parts)
    for word in phrase.split()
)
MIN_WORD = 3
COUNTERPARTY = {Evidence.OTHER_NAME, Evidence.OTHER_WORDS}
GENERIC_NAMES = WordList(GENERIC).phrases


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """An account of the user: `last_digits` of its number, and the folded names by which a bank may call it."""

    id: UUID
    name: str
    institution: str
    last_digits: str
    is_debt: bool
    is_savings: bool

    def names(self) -> Iterator[str]:
        """Yield the folded name of the account."""
        yield fold(self.name)

    def institution_names(self) -> Iterator[str]:
        """Yield the folded name of the bank, and its first word if it is no generic one."""
        words = fold(self.institution).split()
        yield " ".join(words)
        if words and len(words[0]) >= MIN_NAME and words[0] not in GENERIC_NAMES:
            yield words[0]


@dataclass(slots=True)
class Movement:
    """A transaction that may be one side of a transfer."""

    id: UUID
    account: UUID
    day: date
    amount: Decimal
    currency: str
    texts: tuple[str, ...]
    name: str
    kind: str = ""
    category_kind: str = ""
    number: int = 0
    facts: frozenset[Evidence] = frozenset()
    words: frozenset[str] = frozenset()
    references: frozenset[str] = frozenset()
    party: frozenset[str] = frozenset()
    mentions: dict[UUID, Evidence | None] = field(default_factory=dict)


class _Texts(NamedTuple):
    """The evidence in texts by word lists, their phrases, words that may be references, and words that no list explains."""

    facts: frozenset[Evidence]
    phrases: frozenset[str]
    references: frozenset[str]
    others: frozenset[str]


@lru_cache(REMEMBERED)
def _read(texts: tuple[str, ...]) -> "_Texts":
    found, phrases, references, others = set[Evidence](), set[str](), set[str](), set[str]()
    for text in map(fold, texts):
        words = text.split()
        here = phrases_of(words)
        phrases |= here
        found.update(evidence for evidence, each in LISTS.items() if each.is_in(text, here))
        references.update(
            word for word in words if len(word) >= MIN_REFERENCE and sum(sign.isdigit() for sign in word) >= MIN_DIGITS
        )
        others.update(word for word in words if word.isalpha() and len(word) >= MIN_WORD and word not in KNOWN_WORDS)
    return _Texts(frozenset(found), frozenset(phrases), frozenset(references), frozenset(others))


def _names(phrases: frozenset[str], name: list[str]) -> bool:
    """Return True if a text names a person in full, or by the last name with the initial of the first name."""
    initial, last = name[0][0], name[-1]
    return phrases.issuperset(name) or f"{initial} {last}" in phrases or f"{last} {initial}" in phrases


def evidence_in(text: str) -> frozenset[Evidence]:
    """Return the evidence in a text by word lists."""
    return _read((text,)).facts


class Reader:
    """Reads the texts of the user's movements, with the user's names and accounts."""

    def __init__(self, accounts: Iterable[OwnAccount], own_names: Iterable[str]) -> None:
        self.accounts = {account.id: account for account in accounts}
        names = (name for account in self.accounts.values() for name in (account.name, account.institution))
        self.own_words = frozenset(word for name in names for word in fold(name).split())
        self.own_names = [words for name in own_names if len(words := fold(name).split()) > 1]

    def read(self, movement: Movement) -> None:
        """Find the evidence of one side, apart from the other one."""
        found = _read((*movement.texts, movement.name))
        facts, movement.words, movement.references = set(found.facts), found.phrases, found.references
        if Evidence.OWN_TRANSFER_WORDS in facts:
            facts.discard(Evidence.TRANSFER_WORDS)
        if any(_names(movement.words, words) for words in self.own_names):
            facts.add(Evidence.OWN_NAME)
        else:
            facts.add(self._counterparty(movement, found.others))
        if movement.kind == "transfer":
            facts.add(Evidence.TRANSFER_TYPE)
        elif movement.kind in ("refund", "fee"):
            facts.add(Evidence.REFUND_TYPE)
        if movement.category_kind == "transfer":
            facts.add(Evidence.TRANSFER_CATEGORY)
        elif movement.category_kind:
            facts.add(Evidence.OTHER_CATEGORY)
        movement.facts = frozenset(facts)

    def _counterparty(self, movement: Movement, others: frozenset[str]) -> Evidence:
        """Return the evidence of who pays or is paid, by the name or, without one, by unexplained words of the texts."""
        if movement.name and not evidence_in(movement.name).intersection(MOVING_WORDS):
            movement.party = frozenset(fold(movement.name).split())
            return Evidence.OTHER_NAME
        movement.party = others - self.own_words
        return Evidence.OTHER_WORDS if movement.party else Evidence.NO_NAME

    def mention(self, movement: Movement, other: UUID) -> Evidence | None:
        """Return the evidence that the texts of `movement` name the account `other`."""
        if other not in movement.mentions:
            movement.mentions[other] = self._mention(movement, self.accounts[movement.account], self.accounts[other])
        return movement.mentions[other]

    def _mention(self, movement: Movement, own: OwnAccount, other: OwnAccount) -> Evidence | None:
        digits = other.last_digits
        if digits and digits != own.last_digits and any(word.endswith(digits) for word in movement.words):
            return Evidence.OTHER_ACCOUNT
        if any(name in movement.words for name in other.names() if name):
            return Evidence.OTHER_ACCOUNT
        if fold(own.institution) == fold(other.institution):
            return None  # a bank writes its own name into any text
        return Evidence.OTHER_INSTITUTION if any(name in movement.words for name in other.institution_names() if name) else None

    def points(self, paid: Movement, received: Movement, *, rare: frozenset[str]) -> dict[Evidence, float]:
        """Return the evidence of a pair by its texts, type and category. `rare` references occur in few movements."""
        accounts = self.accounts[paid.account], self.accounts[received.account]
        sides = self._facts(paid, received), self._facts(received, paid)
        found = self._of_accounts(*accounts)
        if self._is_same_party(paid, received):
            found[Evidence.SAME_NAME] = POINTS[Evidence.SAME_NAME]
            for facts in sides:
                facts -= COUNTERPARTY
        if any(account.is_debt for account in accounts):
            sides[1].discard(Evidence.PAYBACK_WORDS)  # banks thank for the payment of a card or a loan
        else:
            for facts in sides:
                facts.discard(Evidence.CARD_PAYMENT_WORDS)
        for evidence in sides[0] | sides[1]:
            found[evidence] = POINTS[evidence] * (1 + SECOND if evidence in sides[0] & sides[1] else 1)
        words = sum(
            min(len(row.party), MAX_PARTY)
            for row, facts in zip((paid, received), sides, strict=True)
            if Evidence.OTHER_WORDS in facts
        )
        if words:
            found[Evidence.OTHER_WORDS] = POINTS[Evidence.OTHER_WORDS] * words
        if paid.references & received.references & rare:
            found[Evidence.SAME_REFERENCE] = POINTS[Evidence.SAME_REFERENCE]
        return found

    def _facts(self, movement: Movement, other: Movement) -> set[Evidence]:
        """Return the evidence of one side. Who is named as an account of the user is no other counterparty."""
        mentioned = self.mention(movement, other.account)
        return {*movement.facts - COUNTERPARTY, mentioned} if mentioned else set(movement.facts)

    @staticmethod
    def _of_accounts(paid: OwnAccount, received: OwnAccount) -> dict[Evidence, float]:
        """Return the evidence of the accounts: seldom does anyone but the user pay off a card, or into savings."""
        if received.is_debt:
            return {Evidence.REPAYMENT: POINTS[Evidence.REPAYMENT]}
        is_saved = paid.is_savings or received.is_savings
        return {Evidence.SAVINGS_ACCOUNT: POINTS[Evidence.SAVINGS_ACCOUNT]} if is_saved else {}

    def _is_same_party(self, paid: Movement, received: Movement) -> bool:
        """Return True if both sides name the same counterparty, who is then likely the user."""
        is_shop = {Evidence.PURCHASE_WORDS, Evidence.PAYMENT_BETWEEN_PEOPLE} & (paid.facts | received.facts)
        return len(paid.party) > 1 and paid.party == received.party and not is_shop
