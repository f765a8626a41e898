"""Random transactions of a user, and the comparison of words by Python alone."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from finance.models import Category, EncryptedFinancialProfile, FinancialTransaction, Payee, Tag
from finance.services.divisions import store_divisions
from users.models import User

Row = dict[str, Any]
Matches = Callable[[Row], bool]
ZONE = ZoneInfo("Pacific/Auckland")
TODAY = date(2026, 3, 15)
LETTERS = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "ς": "σ"}
WORDS = [
    *("coffee", "Coffee", "TEA", "tea", "star", "Starbucks", "corner", "shop", "Café", "CAFE", "McDonald's", "5%", "12:30"),
    *("Straße", "STRASSE", "Müller", "MULLER", "İstanbul", "ISPARTA", "ısparta", "Łódź", "smørrebrød", "naïve", "ΟΔΟΣ", "οδός"),
    *("東京", "東京タワー", "ガソリン", "ｶﾞｿﾘﾝ", "セブンイレブン", "กาแฟ", "ร้านกาแฟ", "قهوة", "قَهْوَة", "кофе", "КОФЕ", "Ёлка"),
    *("#42", "A&B", "a/b", "AMZN(DE)", "O'Neil", "50%", "x_y", "100", "2026", "-", "☕", "or", "AND", "\\", "a\\b", 'say "hi"'),
]
CATEGORIES = {
    "food": None,
    "restaurants": "food",
    "cafés": "restaurants",
    "Housing": None,
    "Rent": "Housing",
    "東京": None,
    "tea": "food",
}
TAGS = ["work", "Urlaub 2026", "Café", "家族", "tea", "x-y"]
PAYEES = ["Corner Shop", "corner shopping", "Müller", "東京タワー", "Starbucks", "A&B"]
ACCOUNTS = ["Checking", "Savings 100%", "Tagesgeld Müller", "_hidden_"]
TYPES = ["income", "expense", "transfer", "refund", "fee"]
STATUSES = ["pending", "completed", "failed", "disputed", "cancelled"]
CURRENCIES = ["USD", "EUR", "JPY", "KWD"]


def plain(text: str) -> str:
    """Return words in lower case without marks, separated by one space."""
    signs = []
    for sign in unicodedata.normalize("NFKD", text):
        kind = unicodedata.category(sign)
        if kind[0] == "M" or kind == "Cf":
            continue
        signs.append(LETTERS.get(sign.lower(), sign.lower()) if kind[0] in "LN" else " ")
    return " ".join("".join(signs).split())


def is_unspaced(sign: str) -> bool:
    return any("\u0e00" <= sign <= "\u0e7f" or low <= sign <= high for low, high in [("぀", "ヿ"), ("㐀", "鿿")])


def has_words(texts: list[str], wanted: str, *, is_prefix: bool) -> bool:
    """Return whether one of the texts contains the words, whole or as beginnings."""
    words = plain(wanted)
    for text in map(plain, texts):
        at = text.find(words)
        while at >= 0:
            end = at + len(words)
            starts = at == 0 or text[at - 1] == " " or is_unspaced(words[0])
            ends = is_prefix or end == len(text) or text[end] == " " or is_unspaced(words[-1])
            if starts and ends:
                return True
            at = text.find(words, at + 1)
    return False


def _part(row: Row, part: Row) -> Row:
    """Return the row as one of its parts sees it."""
    own = {"amount": part["amount"], "category": part["category"], "part_note": part["note"]}
    return row | own | {"tags": [*row["tags"], *part["tags"]], "parts": [], "is_split": True}


@dataclass
class World:
    """The rows of a user with what they refer to."""

    random: Random
    rows: list[Row] = field(default_factory=list)
    categories: dict[str, Category] = field(default_factory=dict)  # by slug
    accounts: dict[Any, str] = field(default_factory=dict)  # names by key

    def fill(self, user: User, number: int) -> None:
        """Insert random transactions, and read back what the database has."""
        by_name: dict[str, Category] = {}
        for name, parent in CATEGORIES.items():
            slug = name.lower().replace(" ", "-")
            by_name[name] = Category.objects.create(user=user, name=name, slug=slug, parent=by_name.get(parent or ""))
        Tag.objects.bulk_create([Tag(user=user, name=name) for name in TAGS])
        Payee.objects.bulk_create([Payee(user=user, name=name) for name in PAYEES])
        accounts = [
            EncryptedFinancialProfile.objects.create(user=user, profile_name=name, profile_type="checking") for name in ACCOUNTS
        ]
        rows = [self._row(user, accounts, by_name) for _ in range(number)]
        for row in rows:
            if row.transaction_type != "transfer" and self.random.random() < 0.3:
                row.splits = self._splits(row, [category.slug for category in by_name.values()])
        FinancialTransaction.objects.bulk_create(rows)
        store_divisions(rows, are_new=True)
        for row in FinancialTransaction.objects.filter(user=user):
            row.created_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=self.random.randrange(150_000))
            row.save(update_fields=["created_at"])
        names = [column.name for column in FinancialTransaction._meta.concrete_fields if column.name != "search_text"]
        parts = {row.pk: row.splits for row in rows}
        self.rows = [
            row | {"parts": [_part(row, part) for part in parts[row["id"]]], "is_split": bool(parts[row["id"]])}
            for row in FinancialTransaction.objects.filter(user=user).values(*names)
        ]
        self.categories = {category.slug: category for category in by_name.values()}
        self.accounts = {account.pk: account.profile_name for account in accounts}

    def _row(self, user: User, accounts: list[Any], categories: dict[str, Category]) -> FinancialTransaction:
        pick, chance = self.random.choice, self.random.random
        kind, day = pick(TYPES), date(2024, 1, 1) + timedelta(days=self.random.randrange(900))
        size = Decimal(self.random.randrange(1, 9_999)) / pick([1, 10, 100])
        currency = pick(CURRENCIES)
        amount = size.quantize(Decimal(1)) if currency == "JPY" else size.quantize(Decimal("0.01"))
        amount = max(amount, Decimal(1))
        sign = 1 if kind in {"income", "refund"} else -1 if kind in {"expense", "fee"} else pick([1, -1])
        return FinancialTransaction(
            user=user,
            financial_profile=pick(accounts) if chance() < 0.8 else None,
            transaction_type=kind,
            amount=sign * amount,
            currency=currency,
            description=self.text(0.8, 5),
            merchant_name=self.text(0.5, 3),
            note=self.text(0.3, 6),
            reference_number=f"{pick(WORDS)}-{self.random.randrange(10**9)}" if chance() < 0.3 else "",
            category=pick(list(categories.values())).slug if chance() < 0.7 else "",
            payee=pick(PAYEES) if chance() < 0.5 else "",
            tags=self.random.sample(TAGS, self.random.randrange(4)) if chance() < 0.5 else [],
            transaction_date=day,
            posted_date=day + timedelta(days=self.random.randrange(5)) if chance() < 0.5 else None,
            status=pick(STATUSES),
        )

    def _splits(self, row: FinancialTransaction, slugs: list[str]) -> list[Row]:
        cuts = [Decimal(self.random.randrange(-300, 300) or 1) for _ in range(self.random.randrange(3))]
        amounts = [*cuts, row.amount - sum(cuts)]
        return [
            {
                "amount": amount,
                "category": self.random.choice([*slugs, "", ""]),
                "note": self.text(0.3, 3),
                "tags": self.random.sample(TAGS, self.random.randrange(3)),
            }
            for amount in amounts
            if amount
        ]

    def text(self, share: float, words: int) -> str:
        if self.random.random() > share:
            return ""
        return self.random.choice([" ", "  ", "-", ", "]).join(self.random.choices(WORDS, k=self.random.randint(1, words)))
