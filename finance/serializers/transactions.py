"""Serializer of transactions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from core.api.derived_fields import public_names
from core.api.examples import EXAMPLE_ID, EXAMPLE_TIME
from core.api.owned_keys import seen_by
from core.api.serializers import BaseSerializer
from core.fast_lists.lookups import Lookup
from core.models.base import BaseModel
from finance.models import Category, FinancialTransaction
from finance.models.divided import DIVIDED_FIELDS, REPLACES, SPLIT_HAS_NONE, DividedBy
from finance.models.division_columns import REFUND_OF, SPLITS, DivisionColumn
from finance.serializers.categories import CategorySerializer
from finance.serializers.divisions import RefundOfField, SplitsField, TagsField
from finance.serializers.sources import SourcesField
from finance.serializers.warnings import WarningSerializer, reconciled_warnings
from finance.services.divisions import store_divisions
from finance.services.reconciliation import ends_reconciliation
from finance.services.transaction_names import NamedChanges, name_lookups, name_rows

PUBLIC = public_names(FinancialTransaction)


def division_of(sent: Mapping[str, Any], row: Any) -> dict[str, Any]:
    """Return the values that follow from the parts, expenses, amount or currency that a user sends.

    Raise ValidationError if one division would replace the other, which the user has not removed.
    """
    stored = row.divided_by if isinstance(row, FinancialTransaction) else ""
    wanted = next((kind for kind in DividedBy if sent.get(kind)), "")
    if wanted and stored not in ("", wanted) and stored not in sent:
        raise serializers.ValidationError({wanted: [ErrorDetail(REPLACES.format(stored=stored), "ambiguous")]})
    if wanted == DividedBy.SPLITS:
        return {"divided_by": wanted, "category": ""}
    if wanted:
        return {"divided_by": wanted}
    if stored and stored in sent:
        return {"divided_by": ""}
    if stored == DividedBy.REFUND and any(sent.get(name, getattr(row, name)) != getattr(row, name) for name in DIVIDED_FIELDS):
        return row.same_refund() | sent
    return {}


@extend_schema_serializer(description="A movement of money: above 0 for income and refunds, below 0 for expenses and fees.")
class TransactionSerializer(BaseSerializer):
    """The serializer of transactions.

    Text in `category`, `payee` and `tags` stands for the row with this name, which is created if there is none.
    """

    created_categories: Sequence[Category] | None = None  # None: nothing was written
    unreconciled = 0
    tags = TagsField(required=False, help_text="The names of tags. New ones are created. Default: none.")
    splits = SplitsField(
        required=False,
        help_text="The parts, which add up to the amount and have categories of their own. They are replaced as a whole; [] "
        "removes them. Default: none.",
    )
    refund_of = RefundOfField(
        required=False,
        help_text="The ids of the expenses that this refund or income gives back, in proportion to their amounts. It counts "
        "on its own day as negative spending in their categories. [] removes them. Default: none.",
    )
    allow_excess = serializers.BooleanField(
        write_only=True, required=False, help_text="Allow `refund_of` to give back more than was spent. Default: false."
    )
    sources = SourcesField(
        read_only=True, help_text="Who chose the values of these fields; a machine never changes the user's."
    )

    class Meta:
        model = FinancialTransaction
        json_columns: ClassVar[dict[str, Any]] = {"splits": DivisionColumn(SPLITS), "refund_of": DivisionColumn(REFUND_OF)}
        fields = [*PUBLIC[:-2], "splits", "refund_of", "allow_excess", *PUBLIC[-2:]]  # the timestamps remain last
        read_only_fields = ("divided_by",)
        extra_kwargs = {
            "financial_profile": {"help_text": "The id of the account. Null: none of the user's accounts."},
            "currency": {"help_text": "ISO 4217 code. Default: that of the account; without one, of the profile."},
            "category": {
                "help_text": "The slug of a category. A write may also send its name, in any case and without accents; a new "
                "name creates a category. Empty: none."
            },
            "payee": {
                "help_text": "The name of a payee, without regard to case and accents; a new name creates one. Empty: none. "
                "Default: from merchant_name."
            },
        }
        example: ClassVar[dict[str, Any]] = {
            "id": EXAMPLE_ID,
            "financial_profile": EXAMPLE_ID,
            "transaction_type": "expense",
            "amount": "-6.60",
            "currency": "CAD",
            "description": "POS MERCHANDISE",
            "category": "dining",
            "merchant_name": "MCDONALD'S #112",
            "payee": "Mcdonald's",
            "tags": ["trip to Rome"],
            "note": "",
            "transaction_date": "2009-04-01",
            "posted_date": "2009-04-01",
            "reference_number": "0000123456782009040100001",
            "status": "completed",
            "divided_by": "",
            "reconciled_date": None,
            "metadata": {},
            "sources": {"category": {"kind": "user", "id": None, "version": None}},
            "is_income": False,
            "is_expense": True,
            "absolute_amount": "6.60",
            "is_completed": True,
            "splits": [],
            "refund_of": [],
            "created_at": EXAMPLE_TIME,
            "updated_at": EXAMPLE_TIME,
        }

    def lookups(self, data: dict[str, Any]) -> Iterator[Lookup]:
        yield from super().lookups(data)
        yield from name_lookups(self.context["request"].user.pk, data, seen_by(self))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Validate the transaction; the currency of a new one defaults to that of its account, or else of the profile."""
        account, row = attrs.get("financial_profile"), self.instance
        if attrs.get("splits") and attrs.get("category"):
            raise serializers.ValidationError({"category": [ErrorDetail(SPLIT_HAS_NONE, "is_split")]})
        if row is None and "currency" not in attrs:
            attrs["currency"] = (account or self.context["request"].user).currency
        if isinstance(row, FinancialTransaction):
            named = NamedChanges(row.user_id, seen_by(self))
            attrs |= named.of(row, attrs, is_partial=self.partial)
            self.created_categories = named.created
            self.unreconciled = int(ends_reconciliation(row, attrs))
            if self.unreconciled:
                attrs["reconciled_date"] = None
        return super().validate(attrs | division_of(attrs, row))

    def before_insert(self, rows: list[Any]) -> None:
        self.created_categories = name_rows(rows, seen_by(self))

    def after_insert(self, rows: list[Any]) -> None:
        store_divisions(rows, are_new=True)

    def after_update(self, rows: list[Any]) -> None:
        store_divisions(rows, are_new=False)

    def before_updates(self, changes: list[tuple[Any, dict[str, Any]]]) -> None:
        """Look up the names of all rows at once."""
        if changes:
            NamedChanges(changes[0][0].user_id, seen_by(self)).look_up(changes)

    def to_representation(self, instance: BaseModel) -> dict[str, Any]:
        """Add `created_category` and `warnings` to the response of a write."""
        shown = super().to_representation(instance)
        if self.created_categories is not None:
            created = [CategorySerializer(row, context=self.context).data for row in self.created_categories[:1]]
            shown["created_category"] = created[0] if created else None
            shown["warnings"] = reconciled_warnings(self.unreconciled)
        return shown


@extend_schema_serializer(
    description="A transaction that was written, with the category that was created for it.",
    component_name="WrittenFinancialTransaction",
)
class WrittenTransactionSerializer(TransactionSerializer):
    created_category = CategorySerializer(
        read_only=True, allow_null=True, help_text="The category that was created. Null: none was created."
    )
    warnings = WarningSerializer(many=True, read_only=True, help_text="Empty if there are none.")

    class Meta(TransactionSerializer.Meta):
        fields = [*TransactionSerializer.Meta.fields, "created_category", "warnings"]
        example = TransactionSerializer.Meta.example | {"created_category": None, "warnings": []}
