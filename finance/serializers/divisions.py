"""Serializer fields of the division of a transaction: its parts, and the expenses that it refunds."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from core.api.examples import EXAMPLE_ID, EXAMPLE_TIME
from core.api.money import AmountField
from core.api.serializers import BaseSerializer, StrictSerializer
from finance.models import RefundShare, TransactionSplit
from finance.models.categories import MAX_CATEGORY_LENGTH
from finance.models.divided import MAX_REFUNDED, MAX_SPLITS
from finance.models.tags import MAX_TAG_LENGTH
from finance.models.transactions import MAX_NOTE_LENGTH, MAX_TAGS, TOO_MANY_TAGS


@extend_schema_field(
    {"type": "array", "maxItems": MAX_TAGS, "items": {"type": "string", "minLength": 1, "maxLength": MAX_TAG_LENGTH}}
)
class TagsField(serializers.Field):
    """The names of a row's tags. It has no child field, so that rows are read as fast as without it."""

    name = serializers.CharField(max_length=MAX_TAG_LENGTH)

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list):
            raise serializers.ValidationError('Send a list of names, such as ["work"].', "not_a_list")
        names = [self.name.run_validation(each) for each in data]
        if len(names) > MAX_TAGS:
            raise serializers.ValidationError(TOO_MANY_TAGS, "too_many_tags")
        return names

    def to_representation(self, value: list[str]) -> list[str]:
        return value


@extend_schema_serializer(component_name="Split", description="A part of a transaction, with a category of its own.")
class SplitSerializer(StrictSerializer):
    amount = AmountField(help_text="With the sign that it has in the transaction; not 0.")
    category = serializers.CharField(
        max_length=MAX_CATEGORY_LENGTH,
        allow_blank=True,
        default="",
        help_text="The slug or the name of a category; a new name creates one. Empty: none.",
    )
    note = serializers.CharField(max_length=MAX_NOTE_LENGTH, allow_blank=True, default="", help_text="The user's own text.")
    tags = TagsField(default=list, help_text="The names of tags, beside those of the transaction. Default: none.")


@extend_schema_field(SplitSerializer(many=True))
class SplitsField(serializers.Field):
    """The parts of a transaction. It has no child field, as above."""

    part: ClassVar[SplitSerializer] = SplitSerializer()

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        if not isinstance(data, list):
            raise serializers.ValidationError('Send a list of parts, such as [{"amount": "-5.00"}].', "not_a_list")
        if len(data) > MAX_SPLITS:
            raise serializers.ValidationError(f"A transaction has at most {MAX_SPLITS} parts.", "too_many_splits")
        parts, errors = [], {}
        for number, each in enumerate(data):
            try:
                parts.append(dict(self.part.run_validation(each)))
            except serializers.ValidationError as error:
                errors[number] = error.detail
        if errors:
            raise serializers.ValidationError(errors)  # type: ignore[arg-type]  # by the number of the part
        return parts

    def to_representation(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**part, "amount": str(part["amount"])} for part in value]


@extend_schema_field({"type": "array", "maxItems": MAX_REFUNDED, "items": {"type": "string", "format": "uuid"}})
class RefundOfField(serializers.Field):
    """The keys of the expenses that a transaction refunds."""

    key = serializers.UUIDField()

    def to_internal_value(self, data: Any) -> list[UUID]:
        if not isinstance(data, list):
            raise serializers.ValidationError("Send a list with the ids of expenses.", "not_a_list")
        if len(data) > MAX_REFUNDED:
            raise serializers.ValidationError(f"Send at most {MAX_REFUNDED} expenses.", "too_many_expenses")
        return [self.key.run_validation(each) for each in data]

    def to_representation(self, value: list[UUID]) -> list[UUID]:
        return value


@extend_schema_serializer(description="A part of a split transaction.")
class TransactionSplitSerializer(BaseSerializer):
    tags = TagsField(read_only=True, help_text="The names of tags, beside those of the transaction.")

    class Meta:
        model = TransactionSplit
        example: ClassVar[dict[str, Any]] = {
            "id": EXAMPLE_ID,
            "transaction": EXAMPLE_ID,
            "number": 1,
            "amount": "-30.00",
            "currency": "USD",
            "category": "groceries",
            "note": "",
            "tags": [],
            "created_at": EXAMPLE_TIME,
            "updated_at": EXAMPLE_TIME,
        }


@extend_schema_serializer(description="What a refund gives back of an expense.")
class RefundShareSerializer(BaseSerializer):
    class Meta:
        model = RefundShare
        example: ClassVar[dict[str, Any]] = {
            "id": EXAMPLE_ID,
            "refund": EXAMPLE_ID,
            "expense": EXAMPLE_ID,
            "amount": "30.00",
            "currency": "USD",
            "allows_excess": False,
            "created_at": EXAMPLE_TIME,
            "updated_at": EXAMPLE_TIME,
        }
