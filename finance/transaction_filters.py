"""Filter sets of transactions, their parts and the shares of refunds. A transaction is found if one of its parts is."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q, Value
from django_filters.filters import BaseInFilter, CharFilter, UUIDFilter

from core.api.filters.filtersets import StrictBooleanFilter, StrictFilterSet
from finance.models import FinancialTransaction, RefundShare, Tag, TransactionSplit
from finance.models.named import folded
from finance.transaction_fields import IS_SPLIT, TRANSACTION_FIELDS, InCategory, current_names


class RowFilter(CharFilter, ABC):
    """A filter by a condition on the columns that transactions and their parts share."""

    parent: Any  # the filter set
    reach: Callable[[Q], Q] = staticmethod(lambda own: own)

    def __init__(self, *args: Any, reach: Callable[[Q], Q] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.reach = reach or self.reach

    def filter(self, qs: Any, value: Any) -> Any:
        return qs if value in ("", None, []) else qs.filter(self.reach(self.condition(value)))

    @abstractmethod
    def condition(self, value: Any) -> Q:
        """Return the condition on a row's own columns for a value that is not empty."""


class BelowCategoryFilter(RowFilter):
    """Rows of a category, by its slug, and of the categories below it."""

    def condition(self, value: str) -> Q:
        return Q(InCategory(self.parent.request.user.pk, value, value))


class BelowCategoriesFilter(BaseInFilter, BelowCategoryFilter):
    """Rows of categories, by their slugs, and of the categories below them."""

    def condition(self, value: Any) -> Q:
        return reduce(or_, map(super().condition, value))

    filter = RowFilter.filter


class CategoryTextFilter(RowFilter):
    """Rows whose category's slug contains a text, ignoring case."""

    def condition(self, value: str) -> Q:
        return Q(category__icontains=value)


class HasTagFilter(RowFilter):
    """Rows that have a tag, by its name without regard to case and accents."""

    def condition(self, value: str) -> Q:
        tags = Tag.objects.filter(user_id=self.parent.request.user.pk, folded=folded(Value(value)))
        return Q(tags__overlap=current_names(tags))


class WithoutFilter(StrictBooleanFilter):
    """Rows without a value, or with one: by the condition of a row and its parts."""

    def __init__(self, *args: Any, has_none: Q, **options: Any) -> None:
        super().__init__(*args, **options)
        self.has_none = has_none

    def filter(self, qs: Any, value: bool | None) -> Any:
        return qs if value is None else qs.filter(self.has_none if value else ~self.has_none)


def of_parts(own: Q) -> Q:
    """Return the condition that one of a transaction's parts has `own`."""
    parts = TransactionSplit.objects.filter(user_id=OuterRef("user_id"), transaction=OuterRef("pk"))
    return IS_SPLIT & Q(Exists(parts.filter(own)))


def with_parts(own: Q) -> Q:
    """Return the condition that a transaction or one of its parts has `own`."""
    return own | of_parts(own)


class RefundsFilter(UUIDFilter):
    """The refunds of an expense, by its key."""

    def filter(self, qs: Any, value: Any) -> Any:
        shares = RefundShare.objects.filter(user_id=OuterRef("user_id"), refund=OuterRef("pk"), expense=value)
        return qs.filter(Exists(shares)) if value else qs


SIZES = ("exact", "gt", "gte", "lt", "lte")
NO_CATEGORY = Q(category=None) & ~IS_SPLIT | of_parts(Q(category=None))


class TransactionFilter(StrictFilterSet):
    category = BelowCategoryFilter(
        reach=with_parts,
        label="The slug of a category. The categories below it, and transactions with such a part, are included.",
    )
    category__in = BelowCategoriesFilter(
        reach=with_parts, label="Slugs of categories, separated by commas. Those below them, and parts, are included."
    )
    category__icontains = CategoryTextFilter(reach=with_parts, label="A part of the slug of a category.")
    category__isnull = WithoutFilter(has_none=NO_CATEGORY, label="True for transactions that have, or a part has, no category.")
    tags = HasTagFilter(reach=with_parts, label="The name of a tag. Case and accents are ignored.")
    tags__isnull = WithoutFilter(
        has_none=Q(tags__len=0) & ~of_parts(Q(tags__len__gt=0)), label="True for transactions without tags."
    )
    refund_of = RefundsFilter(label="The id of an expense: the transactions that refund it.")

    class Meta:
        model = FinancialTransaction
        fields = TRANSACTION_FIELDS.lookups
        derived: ClassVar = {
            "is_income": ["exact"],
            "is_expense": ["exact"],
            "absolute_amount": ["exact", "gt", "gte", "lt", "lte"],
        }


class SplitFilter(StrictFilterSet):
    category = BelowCategoryFilter(label="The slug of a category. The categories below it are included.")
    tags = HasTagFilter(label="The name of a tag. Case and accents are ignored.")

    class Meta:
        model = TransactionSplit
        fields = {
            "transaction": ["exact"],
            "category": ["exact", "isnull"],
            "amount": ["exact", "gte", "lte"],
            "currency": ["exact"],
            "created_at": ["gte", "lte"],
        }


class RefundShareFilter(StrictFilterSet):
    class Meta:
        model = RefundShare
        fields = {
            "refund": ["exact"],
            "expense": ["exact"],
            "amount": ["exact", "gte", "lte"],
            "currency": ["exact"],
            "created_at": ["gte", "lte"],
        }
