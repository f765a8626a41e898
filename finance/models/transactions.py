"""Transactions on an account."""

from decimal import Decimal

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Abs

from core.models.base import OwnedModel, OwnedQuerySet, gin, same_owner_foreign_key
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import ChoiceField, JSONObjectField, PlausibleDateField
from core.models.money import CurrencyField, MoneyField
from core.privacy.declarations import own
from core.privacy.masks import personal
from finance.models.accounts import EncryptedFinancialProfile

TABLE = "finance_financialtransaction"


class TransactionType(models.TextChoices):
    INCOME = "income"
    EXPENSE = "expense"
    TRANSFER = "transfer"
    REFUND = "refund"
    FEE = "fee"


class TransactionStatus(models.TextChoices):
    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"
    DISPUTED = "disputed"
    CANCELED = "cancelled", "Canceled"


# A trigger, so that every way of deletion (API, admin, bulk, raw SQL) stores the transaction in its statement row.
# The amount is text, because Python reads a JSON number of an exported row as a float, without the zeros at its end.
remember_deleted = pgtrigger.Trigger(
    name="remember_deleted",
    when=pgtrigger.After,
    operation=pgtrigger.Delete,
    func=(
        "UPDATE finance_statementimportrow SET deleted_at = now(), deleted_row = to_jsonb(OLD)"
        " || jsonb_build_object('amount', OLD.amount::text)"
        " WHERE user_id = OLD.user_id AND transaction_id = OLD.id AND is_claim; RETURN NULL;"
    ),
)

COMING_IN = (TransactionType.INCOME, TransactionType.REFUND)
GOING_OUT = (TransactionType.EXPENSE, TransactionType.FEE)
WRONG_SIGN = "Income and refunds must be above 0, expenses and fees below 0."


def is_not_zero(amount: Decimal) -> None:
    if amount == 0:
        raise ValidationError("The amount must not be 0.", "zero_amount")


class TransactionQuerySet(OwnedQuerySet):
    def on_account(self, account: EncryptedFinancialProfile) -> "TransactionQuerySet":
        return self.filter(user_id=account.user_id, financial_profile=account)

    def pending(self) -> "TransactionQuerySet":
        return self.filter(status=TransactionStatus.PENDING)


class FinancialTransaction(OwnedModel):
    """A movement of money. `amount` is positive for money that enters the account and negative for money that leaves it."""

    financial_profile = same_owner_foreign_key(
        EncryptedFinancialProfile, on_delete=models.RESTRICT, null=True, blank=True, related_name="transactions"
    )
    transaction_type = ChoiceField(TransactionType, max_length=50)
    amount = MoneyField(validators=[is_not_zero], help_text="Above 0 if money enters the account, below 0 if it leaves.")
    currency = CurrencyField(help_text="ISO 4217 code of the amount.")
    description = models.TextField(blank=True, help_text="Text of the bank statement or of the user.")
    category = models.CharField(max_length=100, blank=True, help_text="Free text, such as dining.")
    merchant_name = models.CharField(max_length=255, blank=True)
    transaction_date = PlausibleDateField(help_text="Day of the transaction itself, not of its booking.")
    posted_date = PlausibleDateField(null=True, blank=True, help_text="Day on which the bank booked it. Null: unknown.")
    reference_number = models.CharField(max_length=255, blank=True, help_text="The bank's id. Unique in the account, or empty.")
    status = ChoiceField(TransactionStatus, max_length=50, default=TransactionStatus.PENDING, help_text="Default: pending.")
    metadata = JSONObjectField(help_text="Any further data, as a JSON object.")

    privacy = own("income and spending of the customer")
    personal_fields = personal("amount", "description", "category", "merchant_name", "reference_number", "metadata")

    class Meta(OwnedModel.Meta):
        verbose_name = "transaction"
        triggers = [*OwnedModel.Meta.triggers, remember_deleted]
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            rule(f"{TABLE}_amount_not_zero", ~Q(amount=0), "The amount must not be 0."),
            rule(
                f"{TABLE}_amount_sign",
                ~Q(transaction_type__in=COMING_IN, amount__lt=0) & ~Q(transaction_type__in=GOING_OUT, amount__gt=0),
                WRONG_SIGN,
            ),
            models.UniqueConstraint(
                fields=["user", "financial_profile", "reference_number"],
                condition=~Q(reference_number=""),
                name=f"{TABLE}_reference_number_unique",
                violation_error_message="This account already has a transaction with this reference number.",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-transaction_date", "-id"], name="finance_tx_by_day"),
            models.Index(fields=["user", "financial_profile", "-transaction_date", "-id"], name="finance_tx_by_account"),
            models.Index(fields=["user", "category", "-transaction_date", "-id"], name="finance_tx_by_category"),
            gin("finance_tx", "metadata"),
        ]

    objects = TransactionQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return f"{self.transaction_date} {self.amount} {self.currency} {self.merchant_name or self.description[:40]}".strip()

    def clean(self) -> None:
        """Raise ValidationError if the sign of `amount` does not fit the type; transfers have either sign."""
        super().clean()
        if self.amount is None or self.transaction_type == TransactionType.TRANSFER:
            return
        if (self.transaction_type in COMING_IN) is not (self.amount > 0):
            raise ValidationError({"amount": ValidationError(WRONG_SIGN, "wrong_sign")})

    is_income = Derived(Q(transaction_type=TransactionType.INCOME), help_text="True for the type `income`, not for refunds.")
    is_expense = Derived(Q(transaction_type=TransactionType.EXPENSE), help_text="True for the type `expense`, not for fees.")
    absolute_amount = Derived(Abs("amount"), models.DecimalField(max_digits=16, decimal_places=3), help_text="Without sign.")
    is_completed = Derived(Q(status=TransactionStatus.COMPLETED), help_text="True for the status `completed`.")
