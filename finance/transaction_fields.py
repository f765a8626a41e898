"""The fields by which transactions are filtered and searched, in lists, exports and bulk calls."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Model, Q, QuerySet, TextField, UUIDField, Value
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler

from core.api.filters.fields import HAS, IS, Field, FieldTable, PartTable
from core.api.filters.kinds import Amounts, Choices, Days, Instants, Kind, Operation, Part, Scope, Texts, Words
from core.api.filters.texts import WORDS, Text
from core.currencies import MINOR_UNITS
from core.fast_lists.query_session import CUSTOM_PLAN
from core.folding import fold
from core.postgres.text_matching import Like, folded
from finance.models import Category, EncryptedFinancialProfile, FinancialTransaction, Payee, Tag, TransactionSplit
from finance.models.divided import DividedBy, TransactionType
from finance.models.transactions import TransactionStatus

SEARCH_TEXT = "search_text"
BELOW = """\
{column} = ANY (ARRAY( {plan}
    WITH RECURSIVE below AS (
        SELECT id, slug, merged_into_id FROM finance_category WHERE user_id = {owner} AND (slug = {slug} OR folded = {name})
        UNION
        SELECT next.id, next.slug, next.merged_into_id
          FROM finance_category AS next JOIN below ON next.parent_id = below.id OR next.id = below.merged_into_id
         WHERE next.user_id = {owner}
    )
    SELECT slug FROM below
))"""


class InCategory(Func):
    """The condition that a row's category is the one with a slug or a folded name, or below it at any depth."""

    def __init__(self, owner: Any, slug: str, name: str) -> None:
        values = Value(owner, UUIDField()), Value(slug, TextField()), Value(name, TextField())
        super().__init__(F("category"), *values, output_field=BooleanField())

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *_: Any, **__: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        parts = [compiler.compile(each) for each in self.get_source_expressions()]
        (column, _), (owner, owners), (slug, slugs), (name, names) = parts
        sql = BELOW.format(plan=CUSTOM_PLAN, column=column, owner=owner, slug=slug, name=name)
        return sql, (*owners, *slugs, *names, *owners)


@dataclass(frozen=True)
class Anywhere(Texts):
    """Words in the texts of a transaction, or in the name of its category. `lines` are the columns of folded texts."""

    lines: tuple[str, ...]

    def where(self, operator: str, values: tuple[Any, ...], scope: Scope) -> Q:
        line = Func(F("folded"), template="(' ' || %(expressions)s || ' ')", output_field=TextField())
        categories = Category.objects.filter(user_id=scope.owner).filter(Like(line, values[0]))
        texts = (Q(Like(each, values[0])) for each in self.lines)
        return reduce(or_, texts) | Q(category__in=categories.values("slug"))


@dataclass(frozen=True)
class Either(Texts):
    """Words in one of several texts."""

    kinds: tuple[Words, ...]

    def where(self, operator: str, values: tuple[Any, ...], scope: Scope) -> Q:
        return reduce(or_, (kind.where(operator, values, scope) for kind in self.kinds))


class CategoryNames(Kind):
    expected = "the name or the slug of a category"

    def read(self, operator: str, value: Text) -> Operation:
        return "=", (value.text.lower(), _name(self, value))

    def where(self, operator: str, values: tuple[Any, ...], scope: Scope) -> Q:
        return Q(InCategory(scope.owner, *values))


@dataclass(frozen=True)
class TagNames(Kind):
    columns: tuple[str, ...]
    expected = "the name of a tag"

    def read(self, operator: str, value: Text) -> Operation:
        return "=", (_name(self, value),)

    def where(self, operator: str, values: tuple[Any, ...], scope: Scope) -> Q:
        names = current_names(Tag.objects.filter(user_id=scope.owner, folded=values[0]))
        return Q(*((f"{column}__overlap", names) for column in self.columns), _connector=Q.OR)


@dataclass(frozen=True)
class PayeeNames(Part):
    column: str

    def where(self, operator: str, values: tuple[Any, ...], scope: Scope) -> Q:
        payees = Payee.objects.filter(user_id=scope.owner).filter(Like("folded", values[0]))
        return Q((f"{self.column}__in", current_names(payees)))


@dataclass(frozen=True)
class AccountNames(Part):
    column: str

    def where(self, operator: str, values: tuple[Any, ...], scope: Scope) -> Q:
        accounts = EncryptedFinancialProfile.objects.filter(user_id=scope.owner)
        return Q((f"{self.column}__in", accounts.filter(Like(folded("profile_name"), values[0])).values("pk")))


def current_names(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the names of rows; of one that was merged into another row, the name of that."""
    return rows.values_list(Coalesce("merged_into__name", "name"))


def _name(kind: Kind, value: Text) -> str:
    """Return a name as it is stored in a `folded` column, in lower case if it consists of signs only."""
    name = fold(value.text) or value.text.lower().strip()
    if not name:
        raise kind.refuse(value)
    return name


STATUSES = {status.value: status.value for status in TransactionStatus} | {"canceled": TransactionStatus.CANCELED.value}
TYPES = {kind.value: kind.value for kind in TransactionType}
CURRENCIES = {code.lower(): code for code in MINOR_UNITS}
IS_SPLIT = Q(divided_by=DividedBy.SPLITS)


def _words(model: type[Model], column: str, line: str = SEARCH_TEXT) -> Words:
    field: Any = model._meta.get_field(SEARCH_TEXT)
    return Words(line, field.columns.index(column) + 1)


def _fields(row: str = "") -> tuple[Field, ...]:
    """Return the fields of a transaction; with `row`, the path from a part to its transaction, those of the part."""
    return (*_days_and_money(row), *_names(row), *_texts(row))


def _days_and_money(row: str) -> Iterator[Field]:
    day, posted = f"{row}transaction_date", f"{row}posted_date"
    is_day, period = ("exact", "gte", "lte"), "a day or a longer period"
    about_day = "the day, a month, a year, or `today`, `last-month`, `last-30-days`"
    yield Field("date", "transaction_date", Days(day), is_day, is_sortable=True, about=about_day)
    yield Field(
        *("posted", "posted_date", Days(posted), (*is_day, "isnull"), Q((posted, None))),
        is_sortable=True,
        about="the day on which the bank booked it",
    )
    reconciled = f"{row}reconciled_date"
    yield Field(
        *("reconciled", "reconciled_date", Days(reconciled), (*is_day, "isnull"), Q((reconciled, None))),
        about="the day of the bank's balance that has confirmed it",
    )
    sizes = ("exact", "gt", "gte", "lt", "lte")
    yield Field("amount", "amount", Amounts("amount", is_absolute=True), sizes, is_sortable=True, about="without its sign")
    yield Field("signed", "amount", Amounts("amount"), about="the amount with its sign, below 0 for money out")
    currency = Choices("currency", CURRENCIES, "an ISO 4217 code such as EUR")
    yield Field("currency", "currency", currency, ("exact",), about="an ISO 4217 code")
    yield Field("created", "created_at", Instants(f"{row}created_at"), ("gte", "lte"), is_sortable=True, about=period)
    yield Field("updated", "updated_at", Instants(f"{row}updated_at"), ("gte", "lte"), about=period)


def _names(row: str) -> Iterator[Field]:
    payee, account, tags = f"{row}payee", f"{row}financial_profile", f"{row}tags"
    divided_by, named = f"{row}divided_by__in", ("exact", "in", "icontains", "isnull")
    about_category, part = "slug or name, with the categories below it", "a part of the name"
    yield Field("category", "category", CategoryNames(), named, Q(category=None), about=about_category)
    yield Field("payee", "payee", PayeeNames(payee), named, Q((payee, None)), about=part)
    has_none = Q((f"{tags}__len", 0)) & (Q(tags__len=0) if row else Q())
    yield Field("tag", "tags", TagNames((tags, "tags") if row else (tags,)), (), has_none, about="the name of a tag")
    yield Field("account", "financial_profile", AccountNames(account), ("exact", "isnull"), Q((account, None)), about=part)
    kind = Choices(f"{row}transaction_type", TYPES, "a type")
    yield Field("type", "transaction_type", kind, ("exact", "in"), about=", ".join(TYPES))
    status = Choices(f"{row}status", STATUSES, "a status")
    yield Field("status", "status", status, ("exact", "in"), about=", ".join(TransactionStatus.values))
    yield Field("", "divided_by", lookups=("exact", "in"))
    yield Field("split", "", empty=Q((divided_by, ["", DividedBy.REFUND.value])))
    yield Field("refund", "", empty=Q((divided_by, ["", DividedBy.SPLITS.value])))
    yield Field("", "metadata", lookups=("contains",))
    yield Field("", "sources", lookups=("contains",))


def _texts(row: str) -> Iterator[Field]:
    texts = {"description": ("icontains",), "merchant_name": ("exact", "icontains"), "reference_number": ("exact",)}
    for column, lookups in texts.items():
        words = _words(FinancialTransaction, column, f"{row}{SEARCH_TEXT}")
        yield Field(column.split("_")[0], column, words, lookups, Q((f"{row}{column}", "")), about="words")
    notes, has_none = [_words(FinancialTransaction, "note", f"{row}{SEARCH_TEXT}")], Q((f"{row}note", ""))
    if row:
        notes, has_none = [*notes, _words(TransactionSplit, "note")], has_none & Q(note="")
    yield Field("note", "note", Either(tuple(notes)), ("icontains",), has_none, about="words")


def _flags(row: str = "") -> dict[str, Q]:
    return {
        "uncategorized": Q(category=None) & (Q() if row else ~IS_SPLIT),
        "reconciled": Q((f"{row}reconciled_date__isnull", False)),
        **{kind: Q((f"{row}transaction_type", kind)) for kind in TYPES},
        **{name: Q((f"{row}status", status)) for name, status in STATUSES.items()},
    }


PART_FIELDS = FieldTable(
    TransactionSplit,
    words=Anywhere((f"transaction__{SEARCH_TEXT}", SEARCH_TEXT)),
    fields=_fields("transaction__"),
    flags=_flags("transaction__"),
)
TRANSACTION_FIELDS = FieldTable(
    FinancialTransaction,
    words=Anywhere((SEARCH_TEXT,)),
    fields=_fields(),
    flags=_flags(),
    parts=PartTable(
        PART_FIELDS, "transaction", IS_SPLIT, frozenset({WORDS, HAS, IS, "amount", "signed", "category", "tag", "note"})
    ),
)
