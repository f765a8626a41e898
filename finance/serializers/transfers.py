"""Serializers of transfers, and of the search for proposals."""

from typing import Any, cast

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from core import clock
from core.api.examples import EXAMPLE_ID, EXAMPLE_TIME
from core.api.serializers import BaseSerializer, JsonField, StrictSerializer
from core.models.base import BaseModel
from core.models.validators import validate_plausible_date
from finance import services
from finance.models import Transfer
from finance.serializers.due_dates import require_order
from finance.transfer_points import Evidence

EXAMPLE_REASONS = [{"evidence": "equal_amount", "points": 1.0}, {"evidence": "other_account", "points": 2.5}]


@extend_schema_field(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["evidence", "points"],
            "properties": {
                "evidence": {"type": "string", "enum": list(Evidence), "description": "What was found."},
                "points": {"type": "number", "description": "Above 0: for a transfer, below 0: against it."},
            },
        },
    }
)
class ReasonsField(JsonField):
    """The evidence of a proposal."""


@extend_schema_serializer(
    description="Two transactions that move money between two of the user's accounts. While it is accepted, both have the type "
    "`transfer`, and changes that would break it are refused."
)
class TransferSerializer(BaseSerializer):
    """The serializer of transfers. A pair that is written is accepted at once, because a person has chosen it."""

    reasons = ReasonsField(
        read_only=True, help_text="Evidence for and against the proposal, with its points. Empty: linked by the user."
    )

    class Meta:
        model = Transfer
        read_only_fields = ["status", "outgoing_type", "incoming_type"]
        extra_kwargs = {
            "outgoing": {"help_text": "The id of the transaction below 0."},
            "incoming": {
                "help_text": "The id of the transaction above 0, on another account; in one currency at most what goes out."
            },
        }
        example = {
            "id": EXAMPLE_ID,
            "outgoing": EXAMPLE_ID,
            "incoming": "0197a1c0-7b1e-7c3a-9d55-1f0e6a2b4c8e",
            "status": "proposed",
            "outgoing_type": "",
            "incoming_type": "",
            "decided_at": None,
            "confidence": "0.97",
            "reasons": EXAMPLE_REASONS,
            "fee": "1.00",
            "fee_currency": "EUR",
            "days_apart": 2,
            "created_at": EXAMPLE_TIME,
            "updated_at": EXAMPLE_TIME,
        }

    def create(self, validated_data: dict[str, Any]) -> BaseModel:
        return cast("BaseModel", services.link_transactions(**validated_data, now=clock.now()))


@extend_schema_serializer(description="The period in which transfers are looked for.")
class ProposeFormSerializer(StrictSerializer):
    def get_fields(self) -> dict[str, serializers.Field]:
        options: dict[str, Any] = {"required": False, "validators": [validate_plausible_date]}
        return {
            "from": serializers.DateField(**options, help_text="First day, inclusive. Default: a year before the last day."),
            "to": serializers.DateField(**options, help_text="Last day, inclusive. Default: today."),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "from" in attrs and "to" in attrs:
            require_order(attrs["from"], attrs["to"])
        return attrs


@extend_schema_serializer(description="The proposals that a search has found.")
class ProposalsSerializer(serializers.Serializer):
    count = serializers.IntegerField(help_text="Number of new proposals.")
    results = TransferSerializer(many=True, help_text="The new proposals, at most 200; the list of transfers has all.")

    class Meta:
        example = {"count": 1, "results": [TransferSerializer.Meta.example]}
