"""Expressions with masked values: an error in tests, and the mask in the column that contains one in production."""

import operator
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, cast

import pytest
from django.contrib import admin
from django.test import Client
from django.utils.formats import number_format
from pytest_django import Settings

from core.admin import BaseAdmin, column, display, linked
from core.admin.masked_values import Hidden, MaskedText, MaskedValueError
from core.admin.masking import Masking, masked
from core.admin.readonly_admin import ReadOnlyInline
from core.privacy.masks import MASK, email_mask
from dev.factories import AccountFactory, ImportantDateFactory, TransactionFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from system.admin.notifications import DateColumns
from system.models import ImportantDate
from users.models import User

HIDDEN: Any = masked(Decimal("7.50"))
DATE: Any = masked(date(2026, 3, 10))
FLAG: Any = masked(True)
TEXT: Any = masked("alice@example.com", email_mask)
EXPRESSIONS: dict[str, Callable[[], object]] = {
    "number <= value": lambda: HIDDEN >= 7,
    "value > decimal": lambda: Decimal(1) < HIDDEN,
    "value == number": lambda: HIDDEN == 7,
    "value != number": lambda: HIDDEN != 7,
    "value in list": lambda: HIDDEN in [1, 2],
    "date < value": lambda: date(2026, 1, 1) < DATE,
    "date - value": lambda: date(2026, 1, 1) - DATE,
    "value + number": lambda: HIDDEN + 1,
    "number + value": lambda: 1 + HIDDEN,
    "sum": lambda: sum([HIDDEN]),
    "sorted": lambda: sorted([HIDDEN, HIDDEN]),
    "-value": lambda: -HIDDEN,
    "abs": lambda: abs(HIDDEN),
    "round": lambda: round(HIDDEN, 2),
    "value / number": lambda: HIDDEN / 2,
    "value % number": lambda: HIDDEN % 2,
    "int": lambda: int(HIDDEN),
    "float": lambda: float(HIDDEN),
    "truth": lambda: not HIDDEN,
    "truth of a flag": lambda: "yes" if FLAG else "no",
    "length": lambda: len(cast("Any", masked(["a"]))),
    "loop": lambda: list(cast("Any", masked({"a": 1}))),
    "format of a number": lambda: f"{HIDDEN:,.2f}",
    "format of a date": lambda: f"{DATE:%Y-%m-%d}",
    "attribute of a date": lambda: DATE.year,
    "text == text": lambda: TEXT == "alice@example.com",
    "text < text": lambda: TEXT < "b",
    "text in text": lambda: "@" in TEXT,
    "text in list": lambda: TEXT in ["bob@example.com"],
    "text == masked text": lambda: masked("bob@example.com", email_mask) == TEXT,
}


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_an_expression_with_a_masked_value_raises(expression: Callable[[], object]) -> None:
    with pytest.raises(MaskedValueError):
        expression()


NEUTRAL: dict[str, tuple[Callable[[], object], object]] = {
    "comparison": (lambda: HIDDEN >= 7, False),
    "equality": (lambda: HIDDEN == 7, False),
    "truth": (lambda: bool(HIDDEN), True),
    "integer": (lambda: int(HIDDEN), 0),
    "format": (lambda: f"{HIDDEN:,.2f}", MASK),
    "sum": (lambda: str.__str__(1 + HIDDEN), MASK),
    "text": (lambda: TEXT == "alice@example.com", False),
}


@pytest.mark.parametrize(("expression", "result"), NEUTRAL.values(), ids=NEUTRAL)
def test_in_production_its_result_is_neutral_and_logged(
    expression: Callable[[], object], result: object, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MASKED_VALUES_RAISE = False
    assert expression() == result
    assert "A masked value can't be used in an expression" in caplog.text


@pytest.mark.parametrize("value", [HIDDEN, DATE, FLAG], ids=["number", "date", "flag"])
def test_a_masked_value_can_be_shown(value: Any) -> None:
    assert f"{value}" == "%s" % value == MASK  # noqa: UP031 - code of libraries formats so
    assert isinstance(value + " %", Hidden)
    assert f"{number_format(value, 2)}" == MASK
    assert (value is None, f"<{value}>") == (False, "<•••>")


def test_a_masked_text_can_be_shown_and_cut() -> None:
    assert (f"{TEXT}", TEXT[:4], f"{TEXT} " + TEXT.upper()) == ("a•••@e•••.com", "a•••", "a•••@e•••.com A•••@E•••.COM")
    assert (bool(TEXT), TEXT == "", TEXT is None, TEXT != "") == (True, False, False, True)


@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_value_is_not_masked(value: object) -> None:
    assert masked(value, email_mask) is value


class Columns:
    """Columns that calculate with values which may be masked, each in another way."""

    @display(description="compared")
    def compared(self, row: FinancialTransaction) -> str:
        return "large" if row.amount < -100 else "small"

    @display(description="converted")
    def converted(self, row: FinancialTransaction) -> str:
        return "%d" % row.amount  # noqa: UP031 - code in C, which does not call the operators

    @display(description="looked up")
    def looked_up(self, row: FinancialTransaction) -> str:
        return {"groceries": "food"}[row.category]

    @display(description="related")
    def related(self, row: FinancialTransaction) -> str:
        return "in debt" if row.financial_profile.account_balance < 0 else "in credit"

    rounded = column("amount", "rounded", show=round)


COLUMNS = ["compared", "converted", "looked_up", "related", "rounded"]


@pytest.fixture
def row(support: User) -> FinancialTransaction:
    """Return a transaction as support sees it."""
    stored: FinancialTransaction = TransactionFactory(
        amount="-130.00", category="groceries", financial_profile__account_balance="-1.00"
    )
    return Masking(support, frozenset()).view(stored)


@pytest.mark.django_db
@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_that_uses_a_masked_value_shows_the_mask(
    name: str, row: FinancialTransaction, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MASKED_VALUES_RAISE = False
    assert getattr(Columns(), name)(row) == MASK
    assert "uses a masked value" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("name", COLUMNS)
def test_such_a_column_raises_in_tests(name: str, row: FinancialTransaction) -> None:
    with pytest.raises((TypeError, KeyError)):
        getattr(Columns(), name)(row)


@pytest.mark.django_db
def test_an_error_of_a_column_of_an_unmasked_row_is_not_hidden(settings: Settings) -> None:
    settings.MASKED_VALUES_RAISE = False
    with pytest.raises(KeyError):
        Columns().looked_up(TransactionFactory(category="rent"))
    assert Columns().compared(TransactionFactory(amount=Decimal(-130))) == "large"


@pytest.mark.django_db
def test_a_property_calculates_with_values_and_its_result_is_hidden(support: User) -> None:
    stored: ImportantDate = ImportantDateFactory(is_active=True)
    seen = Masking(support, frozenset()).view(stored)
    assert DateColumns().state(seen) == DateColumns().coming(seen) == MASK
    assert DateColumns().state(ImportantDateFactory()) == "due soon"
    assert isinstance(seen.days_until_due, Hidden)
    assert isinstance(seen.is_overdue, Hidden)
    assert seen.is_overdue == ""  # has the icon of an unknown value


@pytest.mark.django_db
@pytest.mark.parametrize(("field", "shown"), [({"date_value": date(2020, 2, 1)}, MASK), ({"is_active": False}, "off")])
def test_an_empty_result_of_hidden_values_is_hidden(field: dict[str, Any], shown: str, support: User) -> None:
    stored: ImportantDate = ImportantDateFactory(is_recurring=False, recurrence_pattern="", **field)
    seen = Masking(support, frozenset()).view(stored)
    assert (DateColumns().coming(seen), DateColumns().state(seen)) == (MASK, shown)


@pytest.mark.django_db
def test_an_empty_result_of_empty_values_is_shown(support: User) -> None:
    stored: EncryptedFinancialProfile = AccountFactory(account_balance=None, credit_limit=None)
    assert Masking(support, frozenset()).view(stored).credit_utilization is None


@pytest.mark.django_db
def test_a_masked_value_as_a_link_shows_the_mask(support: User) -> None:
    stored: EncryptedFinancialProfile = AccountFactory(account_balance="7913.57")
    seen = Masking(support, frozenset()).view(stored)
    assert f">{MASK}</a>" in linked("account_balance", "balance")(None, seen)


def columns_of(page: Any) -> list[Any]:
    """Return the columns of a list, page or inline that are methods of its admin class."""
    names = {*getattr(page, "list_display", ()), *(page.readonly_fields or ()), *(getattr(page, "fields", None) or ())}
    found = [getattr(type(page), name, None) for name in names if isinstance(name, str) and name != "__str__"]
    return [method for method in found if callable(method)]


PAGES: list[Any] = list(admin.site._registry.values())
INLINES: list[Any] = [
    inline(page.model, admin.site) for page in PAGES for inline in BaseAdmin.get_inlines(page, None, page.model())
]


@pytest.mark.parametrize("page", [*PAGES, *INLINES], ids=lambda page: type(page).__name__)
def test_every_column_is_declared_with_display(page: Any) -> None:
    assert [method.__qualname__ for method in columns_of(page) if not hasattr(method, "__wrapped__")] == []


def test_the_test_above_finds_columns_of_pages_and_inlines() -> None:
    assert len([method for page in PAGES for method in columns_of(page)]) > 50
    assert len([method for inline in INLINES if isinstance(inline, ReadOnlyInline) for method in columns_of(inline)]) > 30
    assert operator.attrgetter("__wrapped__")(DateColumns.state)
    assert isinstance(TEXT, MaskedText)


@pytest.mark.django_db
def test_support_opens_a_customer_with_a_coming_date(desk: Client, alice: User) -> None:
    ImportantDateFactory(user=alice)
    pages = (f"/admin/users/user/{alice.pk}/change/", "/admin/system/importantdate/")
    assert [desk.get(page).status_code for page in pages] == [200, 200]
