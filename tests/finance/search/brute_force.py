"""Random searches with a Python function that says for a row whether it matches.

A search is written as text and as such a function at the same time, so nothing of the product's parser and SQL is used.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from core.api.filters.texts import MAX_TERMS
from tests.finance.search.world import (
    CATEGORIES,
    CURRENCIES,
    STATUSES,
    TAGS,
    TODAY,
    TYPES,
    WORDS,
    ZONE,
    Matches,
    Row,
    World,
    has_words,
    plain,
)

Search = tuple[str, Matches]


def never(matches: Matches) -> Matches:
    """Return the function that a row satisfies if neither it nor one of its parts matches."""
    return lambda row: not is_found(row, matches)


def is_found(row: Row, matches: Matches) -> bool:
    return matches(row) or any(map(matches, row["parts"]))


@dataclass
class Searches:
    """Random searches of a world."""

    world: World
    random: Random

    terms: int = 0

    def search(self) -> Search:
        self.terms = MAX_TERMS + 1
        while self.terms > MAX_TERMS:
            self.terms = 1  # of `sort:`
            text, matches = self.any_of(self.random.choice([0, 1, 1, 2, 3]))
        sort = self.random.choice(["", "", "", " sort:-amount", " sort:date", " SORT:-created"])
        return text + sort, matches

    def any_of(self, depth: int) -> Search:
        parts = [self.all_of(depth) for _ in range(self.random.choice([1, 1, 1, 2, 3]))]
        word = self.random.choice([" or ", " OR ", "  Or "])
        return word.join(text for text, _ in parts), lambda row: any(matches(row) for _, matches in parts)

    def all_of(self, depth: int) -> Search:
        parts = [self.term(depth) for _ in range(self.random.choice([1, 1, 2, 3]))]
        return " ".join(text for text, _ in parts), lambda row: all(matches(row) for _, matches in parts)

    def term(self, depth: int) -> Search:
        if depth and self.random.random() < 0.5:
            inner, found = self.any_of(depth - 1)
            text, matches = f"({inner})", found
        else:
            text, matches = self.random.choice([self.words, self.words, self.condition])()
            self.terms += 1
        if self.random.random() < 0.25:
            return f"-{text}", never(matches)
        return text, matches

    def condition(self) -> Search:
        kinds = [self.amount, self.day, self.instant, self.choice, self.name, self.column, self.flag]
        return self.random.choice(kinds)()

    def written_words(self) -> tuple[str, str, bool]:
        """Return words as they are written in a search, the words themselves, and whether they are beginnings."""
        usable = [word for word in WORDS if plain(word)]
        is_prefix = self.random.random() < 0.3
        star = "*" * is_prefix
        if self.random.random() < 0.3:
            words = " ".join(self.random.choices(usable, k=self.random.randint(1, 2)))
            escaped = words.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"{star}', words, is_prefix
        word = self.random.choice([each for each in usable if " " not in each and each.lower() != "or"])
        if is_prefix and "(" not in word:
            word = word[: self.random.randint(1, len(word))]
            word = word if plain(word) else "co"
        return f"{word}{star}", word, is_prefix

    def words(self) -> Search:
        text, words, is_prefix = self.written_words()

        def matches(row: Row) -> bool:
            texts = [
                row.get(name, "") for name in ("description", "merchant_name", "payee", "note", "part_note", "reference_number")
            ]
            category = self.world.categories.get(row["category"])
            return has_words([*texts, *row["tags"], *([category.name] if category else [])], words, is_prefix=is_prefix)

        return text, matches

    def column(self) -> Search:
        name, column = self.random.choice(
            [("description", "description"), ("note", "note"), ("merchant", "merchant_name"), ("reference", "reference_number")]
        )
        text, words, is_prefix = self.written_words()
        return self.equality(
            name, text, lambda row: has_words([row[column], row.get(f"part_{column}", "")], words, is_prefix=is_prefix)
        )

    def equality(self, name: str, text: str, matches: Matches) -> Search:
        operator = self.random.choice([":", ":", "=", "!="])
        return f"{name}{operator}{text}", never(matches) if operator == "!=" else matches

    def amount(self) -> Search:
        name = self.random.choice(["amount", "signed"])
        values = sorted(self._amount() for _ in range(2))

        def value(row: Row) -> Decimal:
            return abs(row["amount"]) if name == "amount" else row["amount"]

        if name == "amount":
            values = sorted(map(abs, values))
        return self.comparison(name, [(str(each), each, each) for each in values], value)

    def _amount(self) -> Decimal:
        if self.random.random() < 0.5 and self.world.rows:
            return Decimal(self.random.choice(self.world.rows)["amount"])
        return Decimal(self.random.randrange(-20_000, 20_000)) / 100

    def comparison(self, name: str, values: list[tuple[str, Any, Any]], value: Callable[[Row], Any]) -> Search:
        """Return a comparison or a range; each value is its text, and the first and the last value that it stands for."""
        (low, first, last), (high, _, high_last) = values

        def known(test: Callable[[Any], bool]) -> Matches:
            return lambda row: value(row) is not None and test(value(row))

        options: list[Search] = [
            (f"{name}:{low}", known(lambda at: first <= at <= last)),
            (f"{name}={low}", known(lambda at: first <= at <= last)),
            (f"{name}!={low}", never(known(lambda at: first <= at <= last))),
            (f"{name}>{low}", known(lambda at: at > last)),
            (f"{name} >= {low}", known(lambda at: at >= first)),
            (f"{name}<{low}", known(lambda at: at < first)),
            (f"{name}<= {low}", known(lambda at: at <= last)),
            (f"{name}:{low}..{high}", known(lambda at: first <= at <= high_last)),
            (f"{name}:{low}..", known(lambda at: at >= first)),
            (f"{name}:..{high}", known(lambda at: at <= high_last)),
        ]
        return self.random.choice(options)

    def day(self) -> Search:
        name, column = self.random.choice([("date", "transaction_date"), ("posted", "posted_date")])
        return self.comparison(name, self._periods(), lambda row: row[column])

    def instant(self) -> Search:
        return self.comparison("created", self._periods(), lambda row: row["created_at"].astimezone(ZONE).date())

    def _periods(self) -> list[tuple[str, date, date]]:
        return sorted((self._period() for _ in range(2)), key=lambda period: (period[1], period[2]))

    def _period(self) -> tuple[str, date, date]:
        day = date(2024, 1, 1) + timedelta(days=self.random.randrange(1_000))
        next_month = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
        periods = [
            (f"{day.year}", date(day.year, 1, 1), date(day.year, 12, 31)),
            (f"{day:%Y-%m}", day.replace(day=1), next_month - timedelta(days=1)),
            (f"{day}", day, day),
            ("today", TODAY, TODAY),
            ("yesterday", date(2026, 3, 14), date(2026, 3, 14)),
            ("this-week", date(2026, 3, 9), date(2026, 3, 15)),
            ("last-week", date(2026, 3, 2), date(2026, 3, 8)),
            ("this-month", date(2026, 3, 1), date(2026, 3, 31)),
            ("Last-Month", date(2026, 2, 1), date(2026, 2, 28)),
            ("this-year", date(2026, 1, 1), date(2026, 12, 31)),
            ("last-year", date(2025, 1, 1), date(2025, 12, 31)),
            ("last-30-days", date(2026, 2, 14), TODAY),
        ]
        return self.random.choice(periods)

    def choice(self) -> Search:
        options = {"type": ("transaction_type", TYPES), "status": ("status", STATUSES), "currency": ("currency", CURRENCIES)}
        name = self.random.choice(list(options))
        column, values = options[name]
        value = self.random.choice(values)
        return self.equality(name, self.random.choice([value, value.upper(), value.lower()]), lambda row: row[column] == value)

    def name(self) -> Search:
        return self.random.choice([self.category, self.tag, self.payee, self.account])()

    def category(self) -> Search:
        name = self.random.choice([*CATEGORIES, "unknown"])
        below = {name}
        for _ in CATEGORIES:
            below |= {child for child, parent in CATEGORIES.items() if parent in below}
        slugs = {slug for slug, category in self.world.categories.items() if category.name in below}
        written = self.random.choice([name, name.upper(), f'"{name}"'])
        return self.equality("category", written, lambda row: row["category"] in slugs)

    def tag(self) -> Search:
        tag = self.random.choice([*TAGS, "wor"])
        return self.equality("tag", f'"{tag.upper()}"', lambda row: plain(tag) in map(plain, row["tags"]))

    def payee(self) -> Search:
        part = self.random.choice(["corner", "Corner Shop", "orner sho", "MULLER", "müll", "タワ", "100%"])
        return self.equality("payee", f'"{part}"', lambda row: bool(row["payee"]) and plain(part) in plain(row["payee"]))

    def account(self) -> Search:
        part = self.random.choice(["checking", "CHECK", "100%", "muller", "hidden", "nothing"])

        def matches(row: Row) -> bool:
            return row["financial_profile"] is not None and plain(part) in plain(self.world.accounts[row["financial_profile"]])

        return self.equality("account", part, matches)

    def flag(self) -> Search:
        columns = {
            "split": "is_split",
            "note": "note",
            "tag": "tags",
            "payee": "payee",
            "category": "category",
            "account": "financial_profile",
            "reference": "reference_number",
            "description": "description",
            "merchant": "merchant_name",
            "posted": "posted_date",
        }
        if self.random.random() < 0.5:
            name = self.random.choice(list(columns))
            return self.equality("has", name, lambda row: bool(row[columns[name]] or row.get(f"part_{columns[name]}")))
        if self.random.random() < 0.3:
            return self.equality(
                "is", "uncategorized", lambda row: not row["category"] and (not row["is_split"] or "part_note" in row)
            )
        name = self.random.choice([*TYPES, *STATUSES])
        return self.equality("is", name, lambda row: name in {row["transaction_type"], row["status"]})
