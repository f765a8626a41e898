"""Bank accounts, cards and loans with encrypted numbers."""

import logging
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest

from core.encryption.blind_index import BlindIndexField
from core.encryption.fields import encrypt
from core.encryption.key_ring import EncryptionError
from core.models.base import OwnedModel, OwnedQuerySet, gin
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import BoundedDecimalField, ChoiceField, JSONObjectField, NonBlankCharField, PlausibleDateField
from core.models.money import CurrencyField, MoneyField
from core.postgres.expressions import ClockNow, first_of, whole_days
from core.privacy.declarations import own
from core.privacy.masks import initials, personal
from finance.models.later_transactions import LaterTransactions
from finance.models.percentages import percent_of

logger = logging.getLogger(__name__)

TABLE = "finance_encryptedfinancialprofile"
ABA_WEIGHTS = (3, 7, 1) * 3


class AccountType(models.TextChoices):
    CHECKING = "checking"
    SAVINGS = "savings"
    CREDIT = "credit"
    INVESTMENT = "investment"
    LOAN = "loan"
    MORTGAGE = "mortgage"


class BalanceSource(models.TextChoices):
    USER = "user"
    IMPORT = "import"


class SyncStatus(models.TextChoices):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILED = "failed"


DEBTS = (AccountType.CREDIT, AccountType.LOAN, AccountType.MORTGAGE)
IS_CREDIT = Q(profile_type=AccountType.CREDIT)
HAS_LIMIT = IS_CREDIT & Q(credit_limit__gt=0, account_balance__isnull=False)
HAS_BALANCE = Q(account_balance__isnull=False)
IS_DEBT = Q(profile_type__in=DEBTS)
IS_OVERPAID = IS_DEBT & HAS_BALANCE & Q(account_balance__gt=0)

POSITIVE_DEBT = (
    "The balance of a credit, loan or mortgage account is below 0 while money is owed. Send it with a minus, or send what is "
    "owed as amount_owed. If more was paid than owed, set overpaid to true."
)
NOT_OVERPAID = "Only a credit, loan or mortgage account with a balance above 0 is overpaid. Set overpaid to false."
DAY_WITHOUT_BALANCE = "A balance has a day, and a day has a balance. Send account_balance with it, or null for both."
SOURCE_WITHOUT_BALANCE = "Must be set exactly when there is a balance."

BALANCE_RULES = [
    rule(f"{TABLE}_account_balance_sign", ~IS_OVERPAID | Q(overpaid=True), POSITIVE_DEBT),
    rule(f"{TABLE}_overpaid_sign", IS_OVERPAID | Q(overpaid=False), NOT_OVERPAID),
    rule(
        f"{TABLE}_balance_date_known",
        Q(HAS_BALANCE, balance_date__isnull=False) | Q(~HAS_BALANCE, balance_date__isnull=True),
        DAY_WITHOUT_BALANCE,
    ),
    rule(
        f"{TABLE}_balance_source_known",
        Q(HAS_BALANCE & ~Q(balance_source="")) | Q(~HAS_BALANCE, balance_source=""),
        SOURCE_WITHOUT_BALANCE,
    ),
    rule(
        f"{TABLE}_opening_balance_known",
        Q(opening_balance__isnull=False, reconciled_date__isnull=False)
        | Q(opening_balance__isnull=True, reconciled_date__isnull=True),
        "A reconciled account has an opening balance.",
    ),
]


def is_account_number(number: str) -> None:
    """Raise unless `number` has 4 to 34 letters or digits (34 is the longest IBAN)."""
    if not re.fullmatch(r"[A-Za-z0-9]{4,34}", number):
        raise ValidationError("Use 4 to 34 letters or digits, without spaces.", "invalid_account_number")


def is_routing_number(number: str) -> None:
    """Raise unless `number` is nine digits with a valid ABA check digit (weights 3 7 1, sum divisible by ten)."""
    if not re.fullmatch(r"[0-9]{9}", number) or number == "0" * 9:
        raise ValidationError("Use the nine digits of an ABA routing number.", "invalid_routing_number")
    if sum(weight * int(digit) for weight, digit in zip(ABA_WEIGHTS, number, strict=True)) % 10:
        raise ValidationError("The check digit is wrong. Compare the number with your bank documents.", "invalid_check_digit")


def normalize_account_number(number: str) -> str:
    """Return `number` in upper case without spaces and dashes."""
    return re.sub(r"[\s\-]", "", number).upper()


class AccountQuerySet(OwnedQuerySet):
    def with_number(self, user_id: UUID, number: str) -> "AccountQuerySet":
        """Return the user's accounts with this number; spaces, dashes and case are ignored."""
        index: Any = self.model._meta.get_field("account_number_index")
        digest = index.digest_for_user(user_id, number)
        return self.none() if digest is None else self.filter(user_id=user_id, account_number_index=digest)

    def open(self) -> "AccountQuerySet":
        return self.filter(is_active=True)


def masked(number: Callable[[], str | None]) -> str:
    """Return four dots and the last four characters; '' without a number, '••••' if it can't be decrypted."""
    try:
        text = number() or ""
    except EncryptionError:
        logger.exception("An account number can't be decrypted")
        return "••••"
    return f"••••{text[-4:]}" if text else ""


class EncryptedFinancialProfile(OwnedModel):
    """An account at a bank. Its numbers are write-only; only the last four characters are shown.

    `account_number_index` is not in `models.yaml`. It is a blind index, by which an encrypted number can be looked up.
    """

    profile_name = NonBlankCharField(max_length=100, help_text="The user's name for the account.")
    profile_type = ChoiceField(
        AccountType, max_length=50, help_text="Kind of account. What is owed on credit, loan and mortgage accounts is below 0."
    )
    institution_name = models.CharField(max_length=255, blank=True, help_text="Name of the bank.")
    account_number: Any = encrypt(
        models.CharField(max_length=34, null=True, blank=True, validators=[is_account_number]), label="finance.account_number"
    )
    account_number_index = BlindIndexField(of="account_number", normalize=normalize_account_number)
    routing_number: Any = encrypt(
        models.CharField(max_length=9, null=True, blank=True, validators=[is_routing_number]), label="finance.routing_number"
    )
    currency = CurrencyField(help_text="ISO 4217 code of all amounts of the account. Default: that of the profile.")
    account_balance = MoneyField(
        null=True,
        blank=True,
        help_text="Balance at the end of `balance_date`. Below 0 if money is owed, as on a credit, loan or mortgage account; "
        "above 0 there only if it is `overpaid`. Null: unknown.",
    )
    balance_date = PlausibleDateField(
        null=True, blank=True, help_text="Day at whose end the account had its balance. Null without a balance."
    )
    balance_source = ChoiceField(
        BalanceSource, max_length=10, blank=True, help_text="Who set the balance. Empty without a balance."
    )
    overpaid = models.BooleanField(
        default=False, help_text="True if more was paid than owed: a credit, loan or mortgage account with a balance above 0."
    )
    opening_balance = MoneyField(
        null=True,
        blank=True,
        editable=False,
        help_text="Balance before all its transactions, by the first reconciliation. Null: it was not reconciled.",
    )
    reconciled_date = PlausibleDateField(
        null=True, blank=True, editable=False, help_text="Last day of a reconciliation. Null: it was not reconciled."
    )
    credit_limit = MoneyField(min=0, null=True, blank=True, help_text="Maximum debt of a credit account. Null: unknown.")
    interest_rate = BoundedDecimalField(
        max_digits=5, decimal_places=4, min=0, max=1, null=True, blank=True, help_text="Yearly rate: 0.0125 is 1.25%."
    )
    last_sync_at = models.DateTimeField(null=True, blank=True, help_text="When a statement was last imported. Null: never.")
    sync_status = ChoiceField(SyncStatus, max_length=50, default=SyncStatus.PENDING, help_text="`success` after an import.")
    is_active = models.BooleanField(default=True, help_text="False: the account is closed and refuses statement imports.")
    metadata = JSONObjectField(help_text="Any further data, as a JSON object.")

    privacy = own("the customer's bank account; the export contains its numbers in plain text because the customer owns them")
    personal_fields = personal(
        "institution_name",
        "account_balance",
        "overpaid",
        "opening_balance",
        "credit_limit",
        "interest_rate",
        "metadata",
        profile_name=initials,
    )
    derived = ("account_number_masked",)
    decrypted_derived: ClassVar[dict[str, Any]] = {"account_number_masked": ("account_number", masked)}
    secret_fields = ("account_number_index",)

    class Meta(OwnedModel.Meta):
        verbose_name = "account"
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            *BALANCE_RULES,
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="finance_account_newest"),
            models.Index(fields=["user", "account_number_index"], name="finance_account_number"),
            gin("finance_account", "metadata"),
        ]

    objects = AccountQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return self.profile_name

    computed_balance = Derived(
        F("account_balance") + LaterTransactions(),
        models.DecimalField(max_digits=17, decimal_places=3, null=True),
        reads_other_rows=True,
        help_text="`account_balance` plus the account's transactions after `balance_date`, in its currency. Failed and "
        "canceled ones are not counted, pending and disputed ones are. Below 0 if money is owed. Null without a balance.",
    )
    amount_owed = Derived(
        # the difference is a zero with the decimals of the currency
        first_of((IS_DEBT & HAS_BALANCE, Greatest(0 - F("account_balance"), F("account_balance") - F("account_balance")))),
        models.DecimalField(max_digits=16, decimal_places=3, null=True),
        help_text="What is owed at the end of `balance_date` on a credit, loan or mortgage account, 0 if it is overpaid. "
        "Null for other accounts and without a balance.",
    )
    is_credit_account = Derived(IS_CREDIT, help_text="True if `profile_type` is `credit`.")
    available_credit = Derived(
        first_of((IS_CREDIT, F("credit_limit") + F("account_balance"))),
        models.DecimalField(max_digits=17, decimal_places=3, null=True),
        help_text="Credit limit plus balance, in the account's currency. The balance is negative while money is owed. "
        "Null for other account types.",
    )
    credit_utilization = Derived(
        first_of((HAS_LIMIT, percent_of(Greatest(0 - F("account_balance"), Decimal(0)), F("credit_limit")))),
        models.DecimalField(max_digits=17, decimal_places=2, null=True),
        help_text="Amount owed in percent of the credit limit, with two decimals. Null without a limit above 0.",
    )
    sync_age_days = Derived(
        whole_days(F("last_sync_at"), ClockNow()),
        models.IntegerField(null=True),
        help_text="Whole days since the last statement import. Null if there was none.",
    )

    @property
    def account_number_masked(self) -> str:
        """Four dots and the last four characters. Empty without a number; only the dots if the number can't be read."""
        return masked(lambda: self.account_number)
