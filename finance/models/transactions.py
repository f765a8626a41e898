"""What moved on an account."""

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
    CANCELLED = "cancelled"


# However a transaction is deleted (API, admin, bulk, raw SQL): the statement row that it came from keeps what it was.
remember_deleted = pgtrigger.Trigger(
    name="remember_deleted",
    when=pgtrigger.After,
    operation=pgtrigger.Delete,
    func=(
        "UPDATE finance_statementimportrow SET deleted_at = now(), deleted_row = to_jsonb(OLD)"
        " WHERE user_id = OLD.user_id AND transaction_id = OLD.id AND is_claim; RETURN NULL;"
    ),
)

COMING_IN = (TransactionType.INCOME, TransactionType.REFUND)
GOING_OUT = (TransactionType.EXPENSE, TransactionType.FEE)


def is_not_zero(amount: Decimal) -> None:
    """Raise for 0: nothing moved, so there is nothing to record."""
    if amount == 0:
        raise ValidationError("The amount must not be 0.", "zero_amount")


class TransactionQuerySet(OwnedQuerySet):
    """Transactions."""

    def on_account(self, account: EncryptedFinancialProfile) -> "TransactionQuerySet":
        return self.filter(user_id=account.user_id, financial_profile=account)

    def pending(self) -> "TransactionQuerySet":
        """Announced by the bank, but not yet posted."""
        return self.filter(status=TransactionStatus.PENDING)


class FinancialTransaction(OwnedModel):
    """One movement of money, signed as the account sees it."""

    financial_profile = same_owner_foreign_key(
        EncryptedFinancialProfile, on_delete=models.RESTRICT, null=True, blank=True, related_name="transactions"
    )
    transaction_type = ChoiceField(TransactionType, max_length=50)
    amount = MoneyField(validators=[is_not_zero])
    currency = CurrencyField()
    description = models.TextField(blank=True)
    category = models.CharField(max_length=100, blank=True)
    merchant_name = models.CharField(max_length=255, blank=True)
    transaction_date = PlausibleDateField()
    posted_date = PlausibleDateField(null=True, blank=True)
    reference_number = models.CharField(max_length=255, blank=True)
    status = ChoiceField(TransactionStatus, max_length=50, default=TransactionStatus.PENDING)
    metadata = JSONObjectField()

    privacy = own("what he earned and spent")
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
                "Income and refunds are above 0, expenses and fees below.",
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
        """The sign must fit the type."""
        super().clean()
        if self.amount is None or self.transaction_type == TransactionType.TRANSFER:
            return
        if (self.transaction_type in COMING_IN) is not (self.amount > 0):
            sentence = "Income and refunds are above 0, expenses and fees below."
            raise ValidationError({"amount": ValidationError(sentence, "wrong_sign")})

    is_income = Derived(Q(transaction_type=TransactionType.INCOME))
    is_expense = Derived(Q(transaction_type=TransactionType.EXPENSE))
    absolute_amount = Derived(Abs("amount"), models.DecimalField(max_digits=12, decimal_places=2))
    is_completed = Derived(Q(status=TransactionStatus.COMPLETED))
