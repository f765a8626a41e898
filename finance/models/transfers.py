"""Transfers: pairs of transactions that move the user's money from one of their accounts to another."""

from django.db import models
from django.db.models import F, Q

from core.models.base import OwnedModel, gin, same_owner_foreign_key
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import ChoiceField, JSONListField, ShareField
from core.privacy.declarations import own
from core.privacy.masks import personal
from finance.models.divided import COMING_IN, GOING_OUT, TransactionType
from finance.models.transactions import FinancialTransaction
from finance.models.transfer_triggers import TABLE, TRANSFER_RULES, check_pair, restore_types, set_types
from finance.models.transfer_values import DAYS_APART, FEE, FEE_CURRENCY, PairValue

SAME_ROW = "Choose two different transactions."
DECIDED_WITHOUT_PROPOSAL = "Must be set exactly when the transfer is accepted or refused."
LINKED_TWICE = "This transaction is part of another transfer. Take that back first."


class TransferStatus(models.TextChoices):
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Transfer(OwnedModel):
    """A pair of transactions on two accounts of the user: money that leaves one account and enters the other.

    Triggers set the type of both transactions to `transfer` while it is accepted, and restore their former types when it is
    taken back or one of the two is deleted. They refuse changes of the transactions that would break it.
    """

    outgoing = same_owner_foreign_key(
        FinancialTransaction,
        on_delete=models.DO_NOTHING,
        related_name="outgoing_transfers",
        help_text="The transaction below 0.",
    )
    incoming = same_owner_foreign_key(
        FinancialTransaction,
        on_delete=models.DO_NOTHING,
        related_name="incoming_transfers",
        help_text="The transaction above 0, on another account; in the same currency at most what goes out.",
    )
    status = ChoiceField(
        TransferStatus,
        max_length=20,
        default=TransferStatus.PROPOSED,
        help_text="The software proposes; only a person accepts or refuses.",
    )
    outgoing_type = ChoiceField(
        TransactionType,
        max_length=50,
        blank=True,
        default="",
        help_text="Type of the outgoing transaction before it was accepted. Empty unless accepted.",
    )
    incoming_type = ChoiceField(
        TransactionType,
        max_length=50,
        blank=True,
        default="",
        help_text="Type of the incoming transaction before it was accepted. Empty unless accepted.",
    )
    decided_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When it was accepted or refused. Null: it is proposed."
    )
    confidence = ShareField(
        null=True,
        blank=True,
        editable=False,
        help_text="Estimate of the proposal from 0 to 1, computed from the points of `reasons`. Null: linked by the user.",
    )
    reasons = JSONListField(
        editable=False, help_text="Evidence for and against the proposal, with its points. Empty: linked by the user."
    )

    privacy = own("which transactions are transfers between the customer's own accounts")
    personal_fields = personal("reasons")
    trigger_rules = TRANSFER_RULES

    class Meta(OwnedModel.Meta):
        triggers = [*OwnedModel.Meta.triggers, check_pair, set_types, restore_types]
        constraints = [
            rule(f"{TABLE}_incoming_other", ~Q(outgoing=F("incoming")), SAME_ROW),
            rule(f"{TABLE}_outgoing_type_sign", ~Q(outgoing_type__in=COMING_IN), "Money that leaves is no income."),
            rule(f"{TABLE}_incoming_type_sign", ~Q(incoming_type__in=GOING_OUT), "Money that enters is no expense."),
            rule(
                f"{TABLE}_decided_at_known",
                Q(status="proposed", decided_at=None) | Q(~Q(status="proposed"), decided_at__isnull=False),
                DECIDED_WITHOUT_PROPOSAL,
            ),
            models.UniqueConstraint(
                fields=["user", "outgoing", "incoming"],
                name=f"{TABLE}_incoming_unique",
                violation_error_message="These two transactions are a pair already.",
            ),
            models.UniqueConstraint(
                fields=["user", "outgoing"],
                condition=Q(status="accepted"),
                name=f"{TABLE}_outgoing_accepted_unique",
                violation_error_message=LINKED_TWICE,
            ),
            models.UniqueConstraint(
                fields=["user", "incoming"],
                condition=Q(status="accepted"),
                name=f"{TABLE}_incoming_accepted_unique",
                violation_error_message=LINKED_TWICE,
            ),
        ]
        indexes = [
            models.Index(fields=["user", "incoming"], name="finance_transfer_incoming"),
            models.Index(fields=["user", "-created_at", "-id"], name="finance_transfer_newest"),
            gin("finance_transfer", "reasons"),
        ]

    def __str__(self) -> str:
        return f"{self.status} transfer"

    fee = Derived(
        PairValue(FEE, models.DecimalField(max_digits=17, decimal_places=3)),
        models.DecimalField(max_digits=17, decimal_places=3, null=True),
        reads_other_rows=True,
        help_text="What goes out less what comes in, in `fee_currency`. Counts as spending. Null: two currencies.",
    )
    fee_currency = Derived(
        PairValue(FEE_CURRENCY, models.CharField(max_length=3)),
        models.CharField(max_length=3, null=True),
        reads_other_rows=True,
        help_text="ISO 4217 code of the fee. Null: two currencies.",
    )
    days_apart = Derived(
        PairValue(DAYS_APART, models.IntegerField()),
        models.IntegerField(null=True),
        reads_other_rows=True,
        help_text="Days from the outgoing to the incoming transaction, below 0 if that is earlier.",
    )
