"""Serializers of a reconciliation: comparing an account with a balance of its bank."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from core.api.examples import EXAMPLE_ID
from core.api.money import AmountField
from core.api.serializers import StrictSerializer
from core.models.validators import validate_plausible_date
from finance.balance_explanations import Reason

MAX_LEFT_OUT = 1_000
REASONS = {
    Reason.PENDING: "the bank may not have booked it yet",
    Reason.BOOKED_LATER: "the bank booked it after the day",
    Reason.DUPLICATE: "it looks like another transaction; delete one of the two",
    Reason.RECENT: "it is from the last five days, so the bank may book it later",
    Reason.DATED_LATER: "its date is up to five days later, but the bank may have booked it before",
    Reason.NOT_COUNTED: "it is failed or canceled; complete it if the bank has booked it",
    Reason.DELETED: "it was deleted; restore it if the bank has booked it",
    Reason.IN_REVIEW: "an import has left the decision on it to the user; resolve the row",
    Reason.WRONG_SIGN: "its sign may be wrong; correct the amount",
}


@extend_schema_serializer(description="A balance of the bank.")
class ReconcileSerializer(StrictSerializer):
    date = serializers.DateField(
        validators=[validate_plausible_date], help_text="The day at whose end the account had the balance. At most today."
    )
    balance = AmountField(help_text="In the account's currency; below 0 if money is owed.")
    left_out = serializers.ListField(
        child=serializers.UUIDField(),
        default=list,
        max_length=MAX_LEFT_OUT,
        help_text="The ids of transactions that the bank had not booked by then. Default: none.",
    )
    overpaid = serializers.BooleanField(
        default=False, help_text="Allow a balance above 0 of a credit, loan or mortgage account. Default: false."
    )
    adjust = serializers.BooleanField(
        default=False, help_text="Create a transaction with the difference, so that the balances agree. Default: false."
    )
    restart = serializers.BooleanField(
        default=False,
        help_text="Take the balance as a new start, without a comparison, such as after older transactions were added. "
        "Default: false.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Write nothing. Default: false.")


@extend_schema_serializer(description="A row that may explain a difference.")
class ExplainingRowSerializer(serializers.Serializer):
    reason = serializers.ChoiceField(
        list(REASONS), help_text="; ".join(f"`{reason}`: {text}" for reason, text in REASONS.items()) + "."
    )
    id = serializers.UUIDField(
        source="key", help_text="The id of a transaction, also of a deleted one; for `in_review` that of an import."
    )
    number = serializers.IntegerField(allow_null=True, help_text="For `in_review` the number of the import's row.")
    transaction_date = serializers.DateField(source="day", help_text="Day of the transaction or of the row.")
    amount = AmountField(help_text="The signed amount.")
    text = serializers.CharField(help_text="Payee, merchant or description. May be empty.")


@extend_schema_serializer(description="The comparison of an account with a balance of its bank.")
class ReconciliationSerializer(serializers.Serializer):
    date = serializers.DateField(help_text="The day of the balance.")
    balance = AmountField(help_text="The balance of the bank.")
    expected = AmountField(
        allow_null=True,
        help_text="The opening balance and all counted transactions up to the day. Null: no balance was known to compare with.",
    )
    difference = AmountField(allow_null=True, help_text="The bank's balance less the expected one. Null as above.")
    unexplained = AmountField(
        allow_null=True,
        help_text="What remains of the difference. Unless it is 0 or null, no transaction was reconciled: correct the rows of "
        "an explanation, leave them out by `left_out`, or set `adjust`.",
    )
    explanations = serializers.ListField(
        child=ExplainingRowSerializer(many=True),
        help_text="At most ten sets of rows that add up to the difference, those with the fewest rows.",
    )
    is_applied = serializers.BooleanField(
        help_text="True if there is a single explanation, by one row or by rows that are not booked: its rows are left out, "
        "and the others are reconciled."
    )
    reconciled = serializers.IntegerField(help_text="The number of transactions that were marked; of a dry run, that would be.")
    adjustment = serializers.UUIDField(allow_null=True, help_text="The id of the transaction with the difference, or null.")
    edit = serializers.UUIDField(
        allow_null=True,
        help_text="The id by which `edit-runs/{id}/undo/` undoes it. Null: nothing was written.",
    )

    class Meta:
        example: dict[str, Any] = {
            "date": "2026-03-31",
            "balance": "2411.07",
            "expected": "2404.47",
            "difference": "6.60",
            "unexplained": "0.00",
            "explanations": [
                [
                    {
                        "reason": "pending",
                        "id": EXAMPLE_ID,
                        "number": None,
                        "transaction_date": "2026-03-30",
                        "amount": "-6.60",
                        "text": "Mcdonald's",
                    }
                ]
            ],
            "is_applied": True,
            "reconciled": 41,
            "adjustment": None,
            "edit": EXAMPLE_ID,
        }
