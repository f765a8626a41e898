"""What was paid towards the occurrences of income and expense due dates."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Max, Q, Sum

from core.models.base import OwnedModel, OwnedQuerySet, same_owner_foreign_key
from core.models.constraints import rule
from core.models.fields import PlausibleDateField
from core.models.money import MoneyField
from core.privacy.declarations import own
from core.privacy.masks import personal
from finance.models.transactions import FinancialTransaction

TABLE = "finance_duedatepayment"
CENT = Decimal("0.01")


class PaymentQuerySet(OwnedQuerySet):
    """Payments towards due dates."""

    def by_occurrence(self) -> "PaymentQuerySet":
        """One {occurrence_date, paid, expected} for each occurrence that something was paid towards."""
        return self.order_by().values("occurrence_date").annotate(paid=Sum("amount"), expected=Max("expected_amount"))

    def settled(self) -> "PaymentQuerySet":
        """Of `by_occurrence` those for which nothing more is to come."""
        return self.by_occurrence().filter(paid__gte=F("expected"))

    def unsettled(self) -> "PaymentQuerySet":
        """Of `by_occurrence` those that were paid in part."""
        return self.by_occurrence().filter(paid__lt=F("expected"))


class DueDatePayment(OwnedModel):
    """An amount that was paid towards one occurrence of one due date, perhaps by a transaction that is known.

    `expected_amount` is what was expected of the occurrence; all its payments carry the same. It follows the due date's
    amount until the occurrence is settled, and stays as it is from then on.

    The database itself deletes the payments of a due date and lets go of a transaction that is deleted, by whichever road;
    it has the owner for that, and so an index (Django would look for the key alone).
    """

    income = same_owner_foreign_key(
        "finance.UserIncomeDueDate", on_delete=models.DO_NOTHING, null=True, blank=True, related_name="payments"
    )
    expense = same_owner_foreign_key(
        "finance.UserExpenseDueDate", on_delete=models.DO_NOTHING, null=True, blank=True, related_name="payments"
    )
    occurrence_date = PlausibleDateField()
    expected_amount = MoneyField(min=CENT)
    amount = MoneyField(min=CENT)
    paid_on = PlausibleDateField()
    transaction = same_owner_foreign_key(
        FinancialTransaction, on_delete=models.DO_NOTHING, null=True, blank=True, related_name="due_payments"
    )

    privacy = own("what he paid towards a due date")
    personal_fields = personal("amount", "expected_amount")

    class Meta(OwnedModel.Meta):
        verbose_name = "payment"
        constraints = [
            rule(
                f"{TABLE}_income_or_expense",
                Q(income__isnull=False, expense__isnull=True) | Q(income__isnull=True, expense__isnull=False),
                "A payment belongs to one due date, of income or of an expense.",
            ),
            models.UniqueConstraint(
                fields=["user", "income", "expense", "occurrence_date", "transaction"],
                condition=Q(transaction__isnull=False),
                nulls_distinct=False,
                name=f"{TABLE}_transaction_unique",
                violation_error_message="This transaction is linked with this occurrence already.",
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
        return f"{self.paid_on} {self.amount}"
