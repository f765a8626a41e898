"""Serializers of rules, of their previews, and of their runs."""

from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import TextField
from django.db.models.functions import Cast
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from core.api.bulk_bodies import MAX_ROWS
from core.api.examples import EXAMPLE_ID, EXAMPLE_TIME
from core.api.filters.errors import SearchError
from core.api.filters.searches import read_search
from core.api.filters.texts import NOTHING
from core.api.serializers import BaseSerializer, JsonField, ListedChoiceField, StrictSerializer
from finance.models import Rule
from finance.models.categories import MAX_CATEGORY_LENGTH
from finance.models.divided import MAX_SPLITS
from finance.models.payees import MAX_PAYEE_LENGTH
from finance.models.rules import MAX_ACTIONS, MAX_SEARCH_LENGTH, ShownActions
from finance.models.tags import MAX_TAG_LENGTH
from finance.models.transactions import MAX_NOTE_LENGTH
from finance.rule_actions import ActionType
from finance.serializers.divisions import TagsField
from finance.serializers.undo import EditRunSerializer
from finance.services.rule_names import with_ids, with_lasting_names
from finance.services.rule_plans import REASONS, SORTED_REASONS
from finance.transaction_fields import TRANSACTION_FIELDS

MAX_PAGE = 1_000
MAX_OFFSET = 10_000_000
CHANGED_FIELDS = ("category", "payee", "note", "tags", "splits", "transaction_type")


class RulePartSerializer(StrictSerializer):
    percent = serializers.DecimalField(
        max_digits=6, decimal_places=4, min_value=Decimal("0.0001"), allow_null=True, default=None
    )
    amount = serializers.DecimalField(
        max_digits=16, decimal_places=3, min_value=Decimal("0.001"), allow_null=True, default=None
    )
    category = serializers.CharField(max_length=MAX_CATEGORY_LENGTH, allow_blank=True, default="")
    note = serializers.CharField(max_length=MAX_NOTE_LENGTH, allow_blank=True, default="")
    tags = TagsField(default=list)


NUMBER_OR_NULL = {"type": ["string", "null"], "format": "decimal"}
PART = {
    "type": "object",
    "description": "A part of a split: `percent` of the amount, rounded to the decimals of the currency, or a fixed `amount` "
    "without sign. The last part has neither and takes the rest.",
    "properties": {
        "percent": NUMBER_OR_NULL | {"description": "Share of the amount in percent: 12.5 is 12.5 %. Null: not a share."},
        "amount": NUMBER_OR_NULL | {"description": "Above 0, in the currency of the transaction. Null: not a fixed amount."},
        "category": {
            "type": ["string", "null"],
            "maxLength": MAX_CATEGORY_LENGTH,
            "description": "The slug of a category. Empty: none. Null: it was deleted.",
        },
        "note": {"type": "string", "maxLength": MAX_NOTE_LENGTH, "description": "The note of the part. May be empty."},
        "tags": {
            "type": "array",
            "items": {"type": "string", "maxLength": MAX_TAG_LENGTH},
            "description": "The names of tags, beside those of the transaction. May be empty.",
        },
    },
}


def _text(max_length: int) -> serializers.CharField:
    return serializers.CharField(max_length=max_length)


VALUES: dict[str, serializers.Field] = {
    ActionType.SET_CATEGORY: _text(MAX_CATEGORY_LENGTH),
    ActionType.SET_PAYEE: _text(MAX_PAYEE_LENGTH),
    ActionType.ADD_TAG: _text(MAX_TAG_LENGTH),
    ActionType.REMOVE_TAG: _text(MAX_TAG_LENGTH),
    ActionType.SET_NOTE: _text(MAX_NOTE_LENGTH),
    ActionType.SPLIT: serializers.ListField(child=RulePartSerializer(), min_length=2, max_length=MAX_SPLITS),
}


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "minLength": 1, "maxLength": MAX_NOTE_LENGTH},
            {"type": "array", "minItems": 2, "maxItems": MAX_SPLITS, "items": PART},
            {"type": "null"},
        ]
    }
)
class ActionValueField(JsonField):
    """The value of an action, whose form depends on the type."""


@extend_schema_serializer(component_name="RuleAction", description="What a rule does with each transaction that it finds.")
class ActionSerializer(StrictSerializer):
    type = ListedChoiceField(
        ActionType.choices,
        help_text="`split` replaces no parts that exist, and `mark_transfer` sets the type `transfer`. The others set what "
        "their names say.",
    )
    value = ActionValueField(
        allow_null=True,
        default=None,
        help_text="The slug of a category, the name of a payee or a tag, a note, or the parts of a split, the last of which "
        "takes the rest. A new name creates a category, payee or tag. Null for `mark_transfer`; in a response also if "
        "what it named was deleted, and then the action does nothing.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        field = VALUES.get(attrs["type"])
        if field is None and attrs["value"] is not None:
            raise serializers.ValidationError({"value": "This type has no value. Leave it out."})
        if field is not None:
            try:
                attrs["value"] = field.run_validation(attrs["value"])
            except serializers.ValidationError as error:
                raise serializers.ValidationError({"value": error.detail}) from error
        return attrs


@extend_schema_field(ActionSerializer(many=True))
class ActionsField(serializers.ListField):
    """The actions of a rule with names. A row has their ids, which are replaced by a query."""

    child = ActionSerializer()

    def to_representation(self, data: Any) -> Any:
        return data


class SearchField(serializers.CharField):
    """A search that selects transactions. A mistake is reported with its column."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if read_search(text, TRANSACTION_FIELDS).where is None:
            raise SearchError("invalid_search", NOTHING, 1)
        return text


@extend_schema_serializer(
    description="A search, and what is done with the transactions that it finds, after each import and on demand. A value that "
    "the user has chosen is never changed."
)
class RuleSerializer(BaseSerializer):
    search = SearchField(
        max_length=MAX_SEARCH_LENGTH,
        help_text="As in the list's `search`; `sort:` has no effect. Categories are stored by their slugs and tags in quotes, "
        "so that a rename changes nothing.",
    )
    actions = ActionsField(
        source="shown_actions",
        min_length=1,
        max_length=MAX_ACTIONS,
        help_text="Each sets another field, in any order.",
    )

    class Meta:
        model = Rule
        json_columns: ClassVar[dict[str, Any]] = {"actions": Cast(ShownActions(), TextField())}
        read_only_fields = ("version",)
        example: ClassVar[dict[str, Any]] = {
            "id": EXAMPLE_ID,
            "name": "Lunch",
            "search": 'description:restaurant amount<20 -tag:"trip to Rome"',
            "actions": [{"type": "set_category", "value": "dining"}, {"type": "add_tag", "value": "lunch"}],
            "order": 10,
            "stop": False,
            "is_active": True,
            "version": 1,
            "created_at": EXAMPLE_TIME,
            "updated_at": EXAMPLE_TIME,
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Replace names by ids and lasting names, and count the version."""
        owner = self.context["request"].user.pk
        if "shown_actions" in attrs:
            attrs["actions"] = with_ids(owner, attrs.pop("shown_actions"))
        if "search" in attrs:
            attrs["search"] = with_lasting_names(owner, attrs["search"])
        row = self.instance
        if isinstance(row, Rule) and any(name in attrs and attrs[name] != getattr(row, name) for name in ("search", "actions")):
            attrs["version"] = row.version + 1
        return super().validate(attrs)


@extend_schema_serializer(description="The page of a preview.")
class RulePreviewFormSerializer(StrictSerializer):
    offset = serializers.IntegerField(
        default=0, min_value=0, max_value=MAX_OFFSET, help_text="`next` of the page before. Default: 0, the first page."
    )
    limit = serializers.IntegerField(
        default=200, min_value=1, max_value=MAX_PAGE, help_text="Number of transactions on the page. Default: 200."
    )


@extend_schema_field(
    {
        "anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/Split"}]}},
        ]
    }
)
class FieldValueField(serializers.JSONField):
    """A value of a transaction's field, as in a transaction."""


@extend_schema_serializer(description="A field of a transaction that a rule would change.")
class ChangedFieldSerializer(serializers.Serializer):
    transaction = serializers.UUIDField(help_text="The id of the transaction.")
    field = serializers.ChoiceField(CHANGED_FIELDS, help_text="The field that would change.")
    before = FieldValueField(help_text="The present value.")
    after = FieldValueField(help_text="The value that the rule sets.")


EACH_REASON = "; ".join(f"`{reason}`: {text}" for reason, text in sorted(REASONS.items())) + "."


@extend_schema_serializer(description="A field of a transaction that a rule would set and leaves as it is.")
class SkippedFieldSerializer(serializers.Serializer):
    transaction = serializers.UUIDField(help_text="The id of the transaction.")
    field = serializers.ChoiceField(CHANGED_FIELDS, help_text="The field that is left as it is.")
    reason = serializers.ChoiceField(
        SORTED_REASONS,
        source="state",
        help_text=EACH_REASON,
    )


@extend_schema_serializer(description="What a rule would change. `apply/` makes exactly these changes.")
class RulePreviewSerializer(serializers.Serializer):
    count = serializers.IntegerField(help_text="Number of transactions that would change; `expected_count` of `apply/`.")
    change_count = serializers.IntegerField(help_text="Number of changes of a field.")
    skipped_count = serializers.IntegerField(
        help_text="Number of fields that the rule would set and that are left as they are."
    )
    changes = ChangedFieldSerializer(many=True, help_text="The changes of the transactions of this page.")
    skipped = SkippedFieldSerializer(many=True, help_text="The fields of this page that are left as they are.")
    next = serializers.IntegerField(allow_null=True, help_text="`offset` of the next page. Null: this is the last one.")

    class Meta:
        example: ClassVar[dict[str, Any]] = {
            "count": 1,
            "change_count": 1,
            "skipped_count": 1,
            "changes": [{"transaction": EXAMPLE_ID, "field": "tags", "before": [], "after": ["lunch"]}],
            "skipped": [{"transaction": EXAMPLE_ID, "field": "category", "reason": "chosen_by_user"}],
            "next": None,
        }


@extend_schema_serializer(description="The number of transactions that the client expects to change.")
class RuleApplyFormSerializer(StrictSerializer):
    expected_count = serializers.IntegerField(
        allow_null=True,
        default=None,
        min_value=0,
        max_value=100 * MAX_ROWS,
        help_text="`count` of a preview; nothing changes if it is another number. Default: null, any number.",
    )


@extend_schema_serializer(description="The result of rules that were applied.")
class RuleResultSerializer(serializers.Serializer):
    updated = serializers.IntegerField(
        help_text="Number of changed transactions. One that two rules have changed counts twice."
    )
    runs = EditRunSerializer(many=True, help_text="The runs of rules that changed something, which can be undone for 30 days.")

    class Meta:
        example: ClassVar[dict[str, Any]] = {
            "updated": 14,
            "runs": [EditRunSerializer.Meta.example | {"kind": "rule", "rule": EXAMPLE_ID, "rule_version": 1}],
        }
