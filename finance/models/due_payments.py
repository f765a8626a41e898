"""Payments towards the occurrences of income and expense due dates."""

from django.db import models
from django.db.models import F, Max, Q, Sum

from core.models.base import OwnedModel, OwnedQuerySet, same_owner_foreign_key
from core.models.constraints import rule
from core.models.fields import PlausibleDateField
from core.models.money import CurrencyField, MoneyField
from core.privacy.declarations import own
from core.privacy.masks import personal
from finance.models.transactions import FinancialTransaction

TABLE = "finance_duedatepayment"


class PaymentQuerySet(OwnedQuerySet):
    def by_occurrence(self) -> "PaymentQuerySet":
        """Return {occurrence_date, paid, expected} for each occurrence that has a payment."""
        return self.order_by().values("occurrence_date").annotate(paid=Sum("amount"), expected=Max("expected_amount"))

    def settled(self) -> "PaymentQuerySet":
        """Return the occurrences of `by_occurrence` that are paid in full."""
        return self.by_occurrence().filter(paid__gte=F("expected"))

    def unsettled(self) -> "PaymentQuerySet":
        """Return the occurrences of `by_occurrence` that are paid in part."""
        return self.by_occurrence().filter(paid__lt=F("expected"))


class DueDatePayment(OwnedModel):
    """An amount paid towards one occurrence of a due date, optionally linked to a transaction.

    `expected_amount` is the amount expected for the occurrence and equal in all its payments. It changes with the due date's
    amount until the occurrence is settled, and is fixed from then on.

    Foreign keys in the database delete the payments of a deleted due date and clear the link to a deleted transaction. They
    include the owner and so use an index; Django's own cascade would query by the key alone. Those to the due date include the
    currency, too, so that a payment and its due date have the same one.
    """

    income = same_owner_foreign_key(
        "finance.UserIncomeDueDate", on_delete=models.DO_NOTHING, null=True, blank=True, related_name="payments"
    )
    expense = same_owner_foreign_key(
        "finance.UserExpenseDueDate", on_delete=models.DO_NOTHING, null=True, blank=True, related_name="payments"
    )
    occurrence_date = PlausibleDateField()
    expected_amount = MoneyField(is_above_zero=True)
    amount = MoneyField(is_above_zero=True)
    currency = CurrencyField(help_text="That of the due date.")
    paid_on = PlausibleDateField()
    transaction = same_owner_foreign_key(
        FinancialTransaction, on_delete=models.DO_NOTHING, null=True, blank=True, related_name="due_payments"
    )

    privacy = own("payments of the customer towards a due date")
    personal_fields = personal("amount", "expected_amount")

    class Meta(OwnedModel.Meta):
        verbose_name = "payment"
        constraints = [
            rule(
                f"{TABLE}_income_or_expense",
                Q(income__isnull=False, expense__isnull=True) | Q(income__isnull=True, expense__isnull=False),
                "Set either income or expense.",
            ),
            models.UniqueConstraint(
                fields=["user", "income", "expense", "occurrence_date", "transaction"],
                condition=Q(transaction__isnull=False),
                nulls_distinct=False,
                name=f"{TABLE}_transaction_unique",
                violation_error_message="This transaction is already linked to this occurrence.",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "income", "occurrence_date"], name="finance_payment_income"),
            models.Index(fields=["user", "expense", "occurrence_date"], name="finance_payment_expense"),
            models.Index(fields=["user", "transaction"], name="finance_payment_transaction"),
            models.Index(fields=["user", "-paid_on", "-id"], name="finance_payment_newest"),
        ]

    objects = PaymentQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return f"{self.paid_on} {self.amount} {self.currency}"
