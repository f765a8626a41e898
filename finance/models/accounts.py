"""A bank account, card or loan, with its numbers sealed."""

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
from core.models.derived import Derived
from core.models.fields import BoundedDecimalField, ChoiceField, JSONObjectField, NonBlankCharField
from core.models.money import CurrencyField, MoneyField
from core.postgres.expressions import ClockNow, first_of, percent_of, whole_days
from core.privacy.declarations import own
from core.privacy.masks import initials, personal

logger = logging.getLogger(__name__)

ABA_WEIGHTS = (3, 7, 1) * 3


class AccountType(models.TextChoices):
    CHECKING = "checking"
    SAVINGS = "savings"
    CREDIT = "credit"
    INVESTMENT = "investment"
    LOAN = "loan"
    MORTGAGE = "mortgage"


class SyncStatus(models.TextChoices):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILED = "failed"


IS_CREDIT = Q(profile_type=AccountType.CREDIT)
HAS_LIMIT = IS_CREDIT & Q(credit_limit__gt=0, account_balance__isnull=False)


def is_account_number(number: str) -> None:
    """Raise unless `number` has 4 to 34 letters or digits (34 is the longest IBAN)."""
    if not re.fullmatch(r"[A-Za-z0-9]{4,34}", number):
        raise ValidationError("Use 4 to 34 letters or digits, without spaces.", "invalid_account_number")


def is_routing_number(number: str) -> None:
    """Raise unless `number` is nine digits with a valid ABA check digit (weights 3 7 1, sum divisible by ten)."""
    if not re.fullmatch(r"[0-9]{9}", number) or number == "0" * 9:
        raise ValidationError("A routing number has nine digits.", "invalid_routing_number")
    if sum(weight * int(digit) for weight, digit in zip(ABA_WEIGHTS, number, strict=True)) % 10:
        raise ValidationError("The check digit is wrong. Compare the number with your bank's.", "invalid_check_digit")


def normal_account_number(number: str) -> str:
    """A number as people mean it: without the spaces and dashes that banks print, in capitals."""
    return re.sub(r"[\s\-]", "", number).upper()


class AccountQuerySet(OwnedQuerySet):
    """Accounts."""

    def with_number(self, user_id: UUID, number: str) -> "AccountQuerySet":
        """The accounts of one user with this number, however it is spaced."""
        index: Any = self.model._meta.get_field("account_number_index")
        digest = index.digest_for_user(user_id, number)
        return self.none() if digest is None else self.filter(user_id=user_id, account_number_index=digest)

    def open(self) -> "AccountQuerySet":
        """Accounts that are in use."""
        return self.filter(is_active=True)


def masked(number: Callable[[], str | None]) -> str:
    """The last four characters behind dots; '' when no number was given, '••••' when it can't be opened."""
    try:
        text = number() or ""
    except EncryptionError:
        logger.exception("An account's number can't be opened")
        return "••••"
    return f"••••{text[-4:]}" if text else ""


class EncryptedFinancialProfile(OwnedModel):
    """One account at a bank. Its numbers go in and never come out; people see the last four digits.

    Beyond the dictionary: `account_number_index`, by which an account is found by its number though that is sealed.
    """

    profile_name = NonBlankCharField(max_length=100)
    profile_type = ChoiceField(AccountType, max_length=50)
    institution_name = models.CharField(max_length=255, blank=True)
    account_number: Any = encrypt(
        models.CharField(max_length=34, null=True, blank=True, validators=[is_account_number]), label="finance.account_number"
    )
    account_number_index = BlindIndexField(of="account_number", normalize=normal_account_number)
    routing_number: Any = encrypt(
        models.CharField(max_length=9, null=True, blank=True, validators=[is_routing_number]), label="finance.routing_number"
    )
    currency = CurrencyField()
    account_balance = MoneyField(max_digits=15, null=True, blank=True)
    credit_limit = MoneyField(max_digits=15, min=0, null=True, blank=True)
    interest_rate = BoundedDecimalField(max_digits=5, decimal_places=4, min=0, max=1, null=True, blank=True)
    last_sync_at = models.DateTimeField(null=True, blank=True)
    sync_status = ChoiceField(SyncStatus, max_length=50, default=SyncStatus.PENDING)
    is_active = models.BooleanField(default=True)
    metadata = JSONObjectField()

    privacy = own("his account at a bank; the export holds its numbers in clear, for they are his")
    personal_fields = personal(
        "institution_name", "account_balance", "credit_limit", "interest_rate", "metadata", profile_name=initials
    )
    derived = ("account_number_masked",)
    decrypted_derived: ClassVar[dict[str, Any]] = {"account_number_masked": ("account_number", masked)}
    secret_fields = ("account_number_index",)

    class Meta(OwnedModel.Meta):
        verbose_name = "account"
        constraints = [models.UniqueConstraint(fields=["user", "id"], name="finance_encryptedfinancialprofile_owner")]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="finance_account_newest"),
            models.Index(fields=["user", "account_number_index"], name="finance_account_number"),
            gin("finance_account", "metadata"),
        ]

    objects = AccountQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return self.profile_name

    is_credit_account = Derived(IS_CREDIT)
    available_credit = Derived(
        first_of((IS_CREDIT, F("credit_limit") + F("account_balance"))),
        models.DecimalField(max_digits=17, decimal_places=2, null=True),
        help_text="What can still be drawn: the limit plus the balance, which is negative while something is owed.",
    )
    credit_utilization = Derived(
        first_of((HAS_LIMIT, percent_of(Greatest(0 - F("account_balance"), Decimal(0)), F("credit_limit")))),
        models.DecimalField(max_digits=17, decimal_places=2, null=True),
        help_text="Owed as a share of the limit, in percent with two decimals; None when there is no limit to compare with.",
    )
    sync_age_days = Derived(
        whole_days(F("last_sync_at"), ClockNow()),
        models.IntegerField(null=True),
        help_text="Whole days since the account was last brought up to date; None when it never was.",
    )

    @property
    def account_number_masked(self) -> str:
        """The last four characters behind dots; '' when no number was given, '••••' when it can't be opened."""
        return masked(lambda: self.account_number)
