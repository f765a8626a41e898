"""Parts of transactions, and the shares of refunds: how an amount is divided among categories and expenses.

The rows of both belong to a transaction whose `divided_by` names them, and are replaced as a whole. Triggers check their sums,
see `finance/migrations/sql/divisions.sql`.
"""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from core.changes.triggers import Related, log_related
from core.models.base import OwnedModel, same_owner_foreign_key
from core.models.constraints import rule
from core.models.fields import BoundedIntegerField
from core.models.money import CurrencyField, MoneyField
from core.models.references import NameReferenceField, NameReferencesField
from core.privacy.declarations import own
from core.privacy.masks import personal
from finance.models.categories import MAX_CATEGORY_LENGTH
from finance.models.divided import MAX_SPLITS, is_not_zero
from finance.models.search_text import SearchTextField
from finance.models.tags import MAX_TAG_LENGTH
from finance.models.transactions import LONG_NOTE, MAX_NOTE_LENGTH, MAX_TAGS, TOO_MANY_TAGS, FinancialTransaction, tags_exist

SPLIT, SHARE = "finance_transactionsplit", "finance_refundshare"

# Deferred, because the parts of a transaction are replaced as a whole.
adds_up = pgtrigger.Trigger(
    name="adds_up",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("user_id", "transaction_id", "amount", "currency") | pgtrigger.Delete,
    timing=pgtrigger.Deferred,
    func="""
        IF TG_OP <> 'INSERT' THEN PERFORM finance_check_divided(OLD.user_id, OLD.transaction_id); END IF;
        IF TG_OP <> 'DELETE' THEN PERFORM finance_check_divided(NEW.user_id, NEW.transaction_id); END IF;
        RETURN NULL;""",
)
is_covered = pgtrigger.Trigger(
    name="is_covered",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func="""
        PERFORM finance_check_divided(NEW.user_id, NEW.refund_id);
        PERFORM finance_check_refunded(NEW.user_id, NEW.expense_id);
        RETURN NULL;""",
)
OF_TRANSACTION = Related("finance_financialtransaction", key="transaction_id")
OF_REFUND = Related("finance_financialtransaction", key="refund_id")


log_splits = log_related(OF_TRANSACTION, columns=("transaction_id", "number", "amount", "category", "note", "tags"))
log_shares = log_related(OF_REFUND, columns=("refund_id", "expense_id", "amount"))


class TransactionSplit(OwnedModel):
    """A part of a transaction, with a category of its own. The parts of a transaction add up to its amount."""

    transaction = same_owner_foreign_key(
        FinancialTransaction,
        on_delete=models.DO_NOTHING,
        related_name="parts",
        help_text="The id of the transaction that is split.",
    )
    number = BoundedIntegerField(min=1, max=MAX_SPLITS, help_text="The place among the parts, from 1 on.")
    amount = MoneyField(validators=[is_not_zero], help_text="Signed, with the currency of the transaction.")
    currency = CurrencyField(help_text="ISO 4217 code, that of the transaction.")
    category = NameReferenceField(
        "finance.Category", max_length=MAX_CATEGORY_LENGTH, help_text="The slug of a category. Empty: none."
    )
    note = models.TextField(blank=True, default="", db_default="", max_length=MAX_NOTE_LENGTH, help_text="The user's own text.")
    tags = NameReferencesField(
        "finance.Tag",
        base_field=models.CharField(max_length=MAX_TAG_LENGTH),
        db_default=[],
        help_text="The names of tags, beside those of the transaction.",
    )

    search_text = SearchTextField("note", "tags")

    privacy = own("parts of the customer's transactions")
    unaudited_fields = ("search_text",)  # the changes of its columns are recorded
    personal_fields = personal("amount", "category", "note", "tags")

    class Meta(OwnedModel.Meta):
        verbose_name = "part of a transaction"
        verbose_name_plural = "parts of transactions"
        triggers = [*OwnedModel.Meta.triggers, tags_exist(SPLIT), adds_up, *log_splits]
        constraints = [
            models.UniqueConstraint(fields=["user", "transaction", "number"], name=f"{SPLIT}_number_unique"),
            rule(f"{SPLIT}_amount_not_zero", ~Q(amount=0), "The amount must not be 0."),
            rule(f"{SPLIT}_tags_number", Q(tags__len__lte=MAX_TAGS), TOO_MANY_TAGS),
            rule(f"{SPLIT}_note_length", Q(LessThanOrEqual(Length("note"), MAX_NOTE_LENGTH)), LONG_NOTE),
        ]
        indexes = [models.Index(fields=["user", "category"], name="finance_split_by_category")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.category}".strip()


class RefundShare(OwnedModel):
    """The share of a refund that belongs to an expense, and is counted in the expense's category on the refund's day."""

    refund = same_owner_foreign_key(
        FinancialTransaction,
        on_delete=models.DO_NOTHING,
        related_name="shares",
        help_text="The id of the refund or reimbursement.",
    )
    expense = same_owner_foreign_key(
        FinancialTransaction,
        on_delete=models.DO_NOTHING,
        related_name="refunds",
        help_text="The id of the refunded expense or fee.",
    )
    amount = MoneyField(is_above_zero=True, help_text="What the refund gives back of this expense, above 0.")
    currency = CurrencyField(help_text="ISO 4217 code, that of the refund and the expense.")
    allows_excess = models.BooleanField(default=False, help_text="True if more may be refunded than was spent.")

    privacy = own("which expenses of the customer were refunded")
    personal_fields = personal("amount")

    class Meta(OwnedModel.Meta):
        triggers = [*OwnedModel.Meta.triggers, is_covered, *log_shares]
        constraints = [
            models.UniqueConstraint(fields=["user", "refund", "expense"], name=f"{SHARE}_expense_unique"),
            rule(f"{SHARE}_expense_not_refund", ~Q(expense=models.F("refund")), "A transaction can't refund itself."),
        ]
        indexes = [models.Index(fields=["user", "expense"], name="finance_share_by_expense")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
