"""Kinds of searchable fields: which operators and values they have, and their SQL."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, Func, Q, TextField
from django.db.models import lookups as compare
from django.db.models.functions import Abs

from core.api.filters.errors import SearchError, suggestion
from core.api.filters.periods import Day, Midnight, period_of
from core.api.filters.texts import Text
from core.folding import fold
from core.postgres.text_matching import Like, word_pattern

EQUAL = (":", "=", "!=")
ORDERED = (*EQUAL, ">", ">=", "<", "<=")
NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,6})?", re.ASCII)
RANGE = ".."
TURNED = "The range ends before it begins."
MANY = 10  # choices
COMPARISONS: dict[str, Any] = {
    "=": compare.Exact,
    ">": compare.GreaterThan,
    ">=": compare.GreaterThanOrEqual,
    "<": compare.LessThan,
    "<=": compare.LessThanOrEqual,
}
Operation = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Scope:
    """The owner of the rows that are searched."""

    owner: UUID


class Kind(ABC):
    """A kind of field. `read` is called with the operators but `!=`, which is the negation of `=`."""

    operators: tuple[str, ...] = EQUAL
    expected = ""

    @abstractmethod
    def read(self, operator: str, value: Text) -> Operation:
        """Return the operator and the values of a condition, or raise SearchError."""

    @abstractmethod
    def where(self, operator: str, values: tuple[Any, ...], scope: Scope) -> Q:
        """Return the SQL of a condition. It must depend on the operator, not on the values."""

    def refuse(self, value: Text, hint: str = "") -> SearchError:
        return SearchError(
            "invalid_search_value", f'Expected {self.expected}, not "{value.text}". {hint}'.rstrip(), value.column
        )


@dataclass(frozen=True)
class Amounts(Kind):
    """Amounts of money, `is_absolute` without their sign."""

    column: str
    is_absolute: bool = False
    operators = ORDERED
    expected = "a number such as 12.50, or a range such as 10..20"

    def read(self, operator: str, value: Text) -> Operation:
        if RANGE not in value.text or operator not in EQUAL:
            return ("=" if operator == ":" else operator), (self._number(value),)
        first, last = ends(self, value)
        if not first.text or not last.text:
            return (">=", (self._number(first),)) if first.text else ("<=", (self._number(last),))
        values = self._number(first), self._number(last)
        if values[0] > values[1]:
            raise self.refuse(value, TURNED)
        return RANGE, values

    def _number(self, value: Text) -> Decimal:
        if not NUMBER.fullmatch(value.text):
            raise self.refuse(value, "Write up to 15 digits, a decimal point, and no separators.")
        if self.is_absolute and value.text.startswith("-"):
            raise self.refuse(value, "It has no sign here. Use signed: for amounts with their sign.")
        return Decimal(value.text)

    def where(self, operator: str, values: tuple[Any, ...], scope: Scope) -> Q:
        column = Abs(self.column) if self.is_absolute else F(self.column)
        if operator == RANGE:
            return Q(compare.GreaterThanOrEqual(column, values[0]), compare.LessThanOrEqual(column, values[1]))
        return Q(COMPARISONS[operator](column, values[0]))


@dataclass(frozen=True)
class Days(Kind):
    """Days, by single days and longer periods."""

    column: str
    operators = ORDERED
    expected = (
        "a day such as 2026-03-31, 2026-03, 2026, today or last-month from 1900 to 2200, or a range such as 2026-01..2026-03"
    )

    def read(self, operator: str, value: Text) -> Operation:
        if RANGE in value.text and operator in EQUAL:
            first, last = ends(self, value)
            start = self._period(first)[0] if first.text else None
            end = self._period(last)[1] if last.text else None
            if isinstance(start, date) and isinstance(end, date) and start >= end:
                raise self.refuse(value, TURNED)
        else:
            start, end = self._period(value)
            if operator not in EQUAL:
                start, end = {">": (end, None), ">=": (start, None), "<": (None, start), "<=": (None, end)}[operator]
        if start is None or end is None:
            return (">=", (self.edge(start),)) if start is not None else ("<", (self.edge(end),))
        return RANGE, (self.edge(start), self.edge(end))

    def edge(self, day: Day | None) -> object:
        """Return the beginning of a day as a value of the column."""
        return day

    def _period(self, value: Text) -> tuple[Day | None, Day | None]:
        found = period_of(value.text)
        if found is None:
            raise self.refuse(value)
        return found

    def where(self, operator: str, values: tuple[Any, ...], scope: Scope) -> Q:
        if operator == RANGE:
            return Q((f"{self.column}__gte", values[0]), (f"{self.column}__lt", values[1]))
        return Q((f"{self.column}__{'gte' if operator == '>=' else 'lt'}", values[0]))


@dataclass(frozen=True)
class Instants(Days):
    """Instants, by days in the user's time zone."""

    def edge(self, day: Day | None) -> object:
        return None if day is None else Midnight(day)


@dataclass(frozen=True)
class Choices(Kind):
    """Texts of which there are only a few, by what a user may write for each."""

    column: str
    values: Mapping[str, str]
    name: str

    def read(self, operator: str, value: Text) -> Operation:
        found = self.values.get(value.text.lower())
        if found is None:
            raise self.refuse(value, suggestion(value.text, self.values))
        return "=", (found,)

    @property
    def expected(self) -> str:  # type: ignore[override]  # computed here, an attribute of the other kinds
        names = sorted(set(self.values.values()))
        return f"one of {', '.join(names)}" if len(names) < MANY else self.name

    def where(self, operator: str, values: tuple[Any, ...], scope: Scope) -> Q:
        return Q((self.column, values[0]))


class Texts(Kind):
    """Whole words of a text, or with `*` the beginnings of words, without case and accents."""

    expected = "a word, or a phrase in quotes, with a letter or a digit"

    def read(self, operator: str, value: Text) -> Operation:
        folded = fold(value.text)
        if not folded:
            raise self.refuse(value)
        return "=", (word_pattern(folded, is_prefix=value.is_prefix),)


@dataclass(frozen=True)
class Words(Texts):
    """Words of one of the texts of the column `line`, which are folded by `core_fold_all`."""

    line: str
    place: int

    def where(self, operator: str, values: tuple[Any, ...], scope: Scope) -> Q:
        template = f"split_part(%(expressions)s, '|', {self.place})"
        text = Func(F(self.line), template=template, output_field=TextField())
        return Q(Like(self.line, values[0]), Like(text, values[0]))


class Part(Kind):
    """Any part of a text, without case and accents."""

    expected = "a part of a name with a letter or a digit"

    def read(self, operator: str, value: Text) -> Operation:
        folded = fold(value.text)
        if not folded:
            raise self.refuse(value)
        return "=", (f"%{folded}%",)


def ends(kind: Kind, value: Text) -> tuple[Text, Text]:
    """Return the two ends of a range, of which one may be empty."""
    first, _, last = value.text.partition(RANGE)
    if not first and not last:
        raise kind.refuse(value, "A range has at least one end.")
    return Text(first, value.column), Text(last, value.column + len(first) + len(RANGE))
