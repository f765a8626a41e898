"""Transactions on an account."""

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import BooleanField, Func, Q
from django.db.models.functions import Abs, Length
from django.db.models.lookups import LessThanOrEqual

from core.changes.triggers import Related, log_related
from core.models.base import OwnedModel, OwnedQuerySet, gin, same_owner_foreign_key
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import ChoiceField, JSONObjectField, PlausibleDateField
from core.models.money import CurrencyField, MoneyField
from core.models.references import NameReferenceField, NameReferencesField
from core.privacy.declarations import own
from core.privacy.masks import personal
from finance.models.accounts import EncryptedFinancialProfile
from finance.models.categories import MAX_CATEGORY_LENGTH
from finance.models.divided import COMING_IN, GOING_OUT, SPLIT_HAS_NONE, DividedAmount, DividedBy, TransactionType, is_not_zero
from finance.models.payees import MAX_PAYEE_LENGTH
from finance.models.search_text import SearchTextField
from finance.models.tags import MAX_TAG_LENGTH
from finance.models.transaction_triggers import KeepDeleted, RecordEdits, RememberDeleted
from finance.models.transfer_triggers import LINKED_RULES, keep_linked
from finance.sources import TRANSFER, SourceKind

TABLE = "finance_financialtransaction"
MAX_TAGS = 30
MAX_NOTE_LENGTH = 2_000
MACHINE_FIELDS = ("category", "payee", "tags", "note", "splits")
"""The fields that rules, suggestions and imports may set, unless the user has chosen their value."""


class TransactionStatus(models.TextChoices):
    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"
    DISPUTED = "disputed"
    CANCELED = "cancelled", "Canceled"


NEVER_COUNTED = (TransactionStatus.FAILED, TransactionStatus.CANCELED)


def tags_exist(table: str) -> pgtrigger.Trigger:
    """Return the trigger that checks the `tags` of a row, because a foreign key can't check the elements of an array.

    It locks the tags FOR KEY SHARE, because a tag must not vanish before the row is committed.
    """
    return pgtrigger.Trigger(
        name="tags_exist",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("tags", "user_id"),
        condition=pgtrigger.Condition(f"NEW.tags <> '{{}}' AND cardinality(NEW.tags) <= {MAX_TAGS}"),
        func=f"""
        IF cardinality(NEW.tags) <> (SELECT count(*) FROM (
            SELECT FROM finance_tag
             WHERE user_id = NEW.user_id AND name = ANY (NEW.tags) AND merged_into_id IS NULL FOR KEY SHARE) AS known)
        THEN
            RAISE foreign_key_violation USING TABLE = TG_TABLE_NAME,
                CONSTRAINT = '{table}_tags_owner', MESSAGE = 'A tag does not exist, or is given twice.';
        END IF;
        RETURN NEW;""",  # noqa: S608 - put together from constants
    )


DIVIDING = ("amount", "currency", "transaction_type")


def changes(*columns: str) -> pgtrigger.Condition:
    """Return the condition that an UPDATE changes one of the columns, none of which is NULL."""
    return pgtrigger.Condition(" OR ".join(f"OLD.{name} <> NEW.{name}" for name in columns))


# Deferred, because the parts and shares of a transaction are written after it, and replaced as a whole.
divided_as_stated = (
    pgtrigger.Trigger(
        name="new_is_divided_as_stated",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        condition=pgtrigger.Condition("NEW.divided_by <> ''"),
        func="PERFORM finance_check_divided(NEW.user_id, NEW.id); RETURN NULL;",
    ),
    pgtrigger.Trigger(
        name="is_divided_as_stated",
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf(*DIVIDING, "divided_by"),
        timing=pgtrigger.Deferred,
        condition=changes(*DIVIDING, "divided_by"),
        func="PERFORM finance_check_divided(NEW.user_id, NEW.id); RETURN NULL;",
    ),
)
covers_refunds = pgtrigger.Trigger(
    name="covers_refunds",
    when=pgtrigger.After,
    operation=pgtrigger.UpdateOf(*DIVIDING),
    condition=changes(*DIVIDING),
    func="PERFORM finance_check_refunded(NEW.user_id, NEW.id); RETURN NULL;",
)

CONFIRMED_FIELDS = ("financial_profile", "amount", "currency", "transaction_date", "status")
"""The fields whose change ends the reconciliation of a transaction; of `status`, only from or to one that is not counted."""
# An array constant: PostgreSQL 18.4 prints the casts of an IN differently once a backup is restored
# (findings/postgres18-trigger-text-after-a-restore.sh).
NEVER_COUNTED_SQL = f"ANY ('{{{','.join(NEVER_COUNTED)}}}'::text[])"
forget_reconciled = pgtrigger.Trigger(
    name="forget_reconciled",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition(f"""
        OLD.reconciled_date = NEW.reconciled_date AND (
            OLD.financial_profile_id IS DISTINCT FROM NEW.financial_profile_id OR OLD.amount <> NEW.amount
            OR OLD.currency <> NEW.currency OR OLD.transaction_date <> NEW.transaction_date
            OR (OLD.status = {NEVER_COUNTED_SQL}) <> (NEW.status = {NEVER_COUNTED_SQL}))"""),
    func="NEW.reconciled_date = NULL; RETURN NEW;",
)

ON_ACCOUNT = Related("finance_encryptedfinancialprofile", key="financial_profile_id")
OF_PAYEE = Related("finance_payee", "other.current_name = changed.payee")
PAID = Related("finance_transfer", "other.outgoing_id = changed.id")
RECEIVED = Related("finance_transfer", "other.incoming_id = changed.id")
SUMMARIZED = ("financial_profile_id", "amount", "currency", "status", "transaction_date", "payee", "category")
# The balance of an account, the summary of a payee, and the fee of a transfer
log_summaries = log_related(ON_ACCOUNT, OF_PAYEE, columns=SUMMARIZED, on_update=(PAID, RECEIVED))

TOO_MANY_TAGS = f"A transaction has at most {MAX_TAGS} tags."
LONG_NOTE = f"A note has at most {MAX_NOTE_LENGTH:,} characters."
UNKNOWN_SOURCE = f"Each source must be an object with a kind: {', '.join(SourceKind)}."
SIGNS = "Income and refunds are above 0, expenses and fees below 0. A transfer between own accounts is either."
STATE = "State at the bank. Failed and canceled ones are not counted. Default: pending."
RECONCILED = "Day of the bank's balance that has confirmed it. Null: it is not reconciled, or was changed since."
WRONG_SIGN = "Income and refunds must be above 0, expenses and fees below 0."


# A source is an object with a known `kind`. `true` ignores the error of another JSON, which has a rule of its own.
INVALID_SOURCE = """'strict $.* ? (@.type() != "object" || !(KNOWN) || (KNOWN) is unknown)'"""
KNOWN_KIND = " || ".join(f'@.kind == "{kind}"' for kind in SourceKind)


class HasInvalidSource(Func):
    """The condition that an entry of a JSON object is no source of a value."""

    template = f"jsonb_path_exists(%(expressions)s, {INVALID_SOURCE.replace('KNOWN', KNOWN_KIND)}, '{{}}', true)"
    output_field = BooleanField()


class TransactionQuerySet(OwnedQuerySet):
    def on_account(self, account: EncryptedFinancialProfile) -> "TransactionQuerySet":
        return self.filter(user_id=account.user_id, financial_profile=account)

    def pending(self) -> "TransactionQuerySet":
        return self.filter(status=TransactionStatus.PENDING)


class TransactionManager(models.Manager.from_queryset(TransactionQuerySet)):  # type: ignore[misc]  # made at runtime
    def get_queryset(self) -> TransactionQuerySet:
        """Return all transactions, without the text that only conditions read."""
        found: TransactionQuerySet = super().get_queryset().defer("search_text")
        return found


class FinancialTransaction(DividedAmount, OwnedModel):
    """A movement of money. `amount` is positive for money that enters the account and negative for money that leaves it."""

    financial_profile = same_owner_foreign_key(
        EncryptedFinancialProfile, on_delete=models.RESTRICT, null=True, blank=True, related_name="transactions"
    )
    transaction_type = ChoiceField(TransactionType, max_length=50, help_text=SIGNS)
    amount = MoneyField(validators=[is_not_zero], help_text="Above 0 if money enters the account, below 0 if it leaves.")
    currency = CurrencyField(help_text="ISO 4217 code of the amount.")
    description = models.TextField(blank=True, help_text="Text of the bank statement or of the user.")
    category = NameReferenceField(
        "finance.Category", max_length=MAX_CATEGORY_LENGTH, help_text="The slug of a category. Empty: none."
    )
    merchant_name = models.CharField(max_length=255, blank=True, help_text="The other party in the bank's words. May be empty.")
    payee = NameReferenceField(
        "finance.Payee", max_length=MAX_PAYEE_LENGTH, help_text="The name of a payee. Empty: none. Default: from merchant_name."
    )
    tags = NameReferencesField(
        "finance.Tag",
        base_field=models.CharField(max_length=MAX_TAG_LENGTH),
        db_default=[],
        help_text="The names of tags. Default: none.",
    )
    note = models.TextField(blank=True, default="", db_default="", max_length=MAX_NOTE_LENGTH, help_text="The user's own text.")
    transaction_date = PlausibleDateField(help_text="Day of the transaction itself, not of its booking.")
    posted_date = PlausibleDateField(null=True, blank=True, help_text="Day on which the bank booked it. Null: unknown.")
    reference_number = models.CharField(max_length=255, blank=True, help_text="The bank's id. Unique in the account, or empty.")
    status = ChoiceField(TransactionStatus, max_length=50, default=TransactionStatus.PENDING, help_text=STATE)
    divided_by = ChoiceField(
        DividedBy, max_length=20, blank=True, default="", db_default="", help_text="What divides the amount. Empty: nothing."
    )
    reconciled_date = PlausibleDateField(null=True, blank=True, editable=False, help_text=RECONCILED)
    metadata = JSONObjectField(help_text="Any further data, as a JSON object.")
    sources = JSONObjectField(
        editable=False, db_default={}, help_text="Who chose a field's value: the user, a rule, a suggestion or an import."
    )

    search_text = SearchTextField("description", "merchant_name", "payee", "note", "reference_number", "tags")

    privacy = own("income and spending of the customer")
    unaudited_fields = ("search_text",)  # the changes of its columns are recorded
    personal_fields = personal(
        *("amount", "description", "category", "merchant_name", "payee", "tags", "note", "reference_number", "metadata"),
    )

    trigger_rules = LINKED_RULES | {
        f"{TABLE}_splits_sum": "The parts must add up to the amount. Send splits and amount together.",
        f"{TABLE}_refund_of_sum": "Only a refund or an income of at least the shares of its expenses can refund them.",
        f"{TABLE}_transaction_type_refunded": "This expense is refunded. Change refund_of of its refunds first.",
        f"{TABLE}_currency_refunded": "This expense is refunded in another currency. Change refund_of of its refunds first.",
        f"{TABLE}_amount_refunded": "More of this expense is refunded than was spent. Change refund_of of its refunds first.",
    }

    class Meta(OwnedModel.Meta):
        verbose_name = "transaction"
        triggers = [
            *OwnedModel.Meta.triggers,
            KeepDeleted(),
            RememberDeleted(),
            RecordEdits((*MACHINE_FIELDS, TRANSFER)),
            tags_exist(TABLE),
            *divided_as_stated,
            covers_refunds,
            forget_reconciled,
            keep_linked,
            *log_summaries,
        ]
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            rule(f"{TABLE}_amount_not_zero", ~Q(amount=0), "The amount must not be 0."),
            rule(f"{TABLE}_tags_number", Q(tags__len__lte=MAX_TAGS), TOO_MANY_TAGS),
            rule(f"{TABLE}_sources_kind", ~Q(HasInvalidSource("sources")), UNKNOWN_SOURCE),
            rule(f"{TABLE}_note_length", Q(LessThanOrEqual(Length("note"), MAX_NOTE_LENGTH)), LONG_NOTE),
            rule(
                f"{TABLE}_amount_sign",
                ~Q(transaction_type__in=COMING_IN, amount__lt=0) & ~Q(transaction_type__in=GOING_OUT, amount__gt=0),
                WRONG_SIGN,
            ),
            rule(f"{TABLE}_category_not_split", ~Q(divided_by=DividedBy.SPLITS) | Q(category=None), SPLIT_HAS_NONE),
            rule(
                f"{TABLE}_divided_by_not_transfer",
                Q(divided_by="") | ~Q(transaction_type=TransactionType.TRANSFER),
                "A transfer has no parts and refunds nothing.",
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
            models.Index(fields=["user", "payee", "-transaction_date", "-id"], name="finance_tx_by_payee"),
            # so that a condition on the category of a transaction or one of its parts combines two indexes
            models.Index(fields=["user"], condition=Q(divided_by=DividedBy.SPLITS), name="finance_tx_split"),
            gin("finance_tx", "metadata"),
            gin("finance_tx", "sources"),
        ]

    objects = TransactionManager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return f"{self.transaction_date} {self.amount} {self.currency} {self.merchant_name or self.description[:40]}".strip()

    def clean(self) -> None:
        """Raise ValidationError if the sign of `amount` does not fit the type; transfers have either sign."""
        super().clean()
        self.clean_division()
        if self.amount is None or self.transaction_type == TransactionType.TRANSFER:
            return
        if (self.transaction_type in COMING_IN) is not (self.amount > 0):
            raise ValidationError({"amount": ValidationError(WRONG_SIGN, "wrong_sign")})

    is_income = Derived(Q(transaction_type=TransactionType.INCOME), help_text="True for the type `income`, not for refunds.")
    is_expense = Derived(Q(transaction_type=TransactionType.EXPENSE), help_text="True for the type `expense`, not for fees.")
    absolute_amount = Derived(Abs("amount"), models.DecimalField(max_digits=16, decimal_places=3), help_text="Unsigned amount.")
    is_completed = Derived(Q(status=TransactionStatus.COMPLETED), help_text="True for the status `completed`.")
