"""The division of a transaction's amount: among parts with categories of their own, or among the expenses that it refunds."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models

from core.currencies import TooManyDecimalsError, in_minor_units

MAX_SPLITS = 50
MAX_REFUNDED = 50
Part = dict[str, Any]
"""The `amount`, `category`, `note` and `tags` of a part."""

SPLIT_HAS_NONE = "This transaction is split. Change the category of its parts, or send splits: [] as well, which removes them."
OTHER_SUM = "The parts add up to %(sum)s, the transaction is %(amount)s. Change the last part by %(rest)s."
NO_PARTS_OF_TRANSFER = "A transfer has no parts. Change the transaction_type first."
ZERO_PART = "Part %(number)s is 0. Leave it out, or give it an amount."
NOT_BOTH = "A transaction has either splits or refund_of. Send [] for one of them."
REPLACES = "This transaction has {stored}. Send {stored}: [] as well, which removes them."
REFUNDS_NOTHING = "Only money that comes in, of the type refund or income, can refund an expense."


class TransactionType(models.TextChoices):
    INCOME = "income"
    EXPENSE = "expense"
    TRANSFER = "transfer"
    REFUND = "refund"
    FEE = "fee"


class DividedBy(models.TextChoices):
    """The rows that divide an amount: parts, or shares of expenses."""

    SPLITS = "splits"
    REFUND = "refund_of"


DIVIDED_FIELDS = ("amount", "currency")
COMING_IN = (TransactionType.INCOME, TransactionType.REFUND)
GOING_OUT = (TransactionType.EXPENSE, TransactionType.FEE)


def is_not_zero(amount: Decimal) -> None:
    if amount == 0:
        raise ValidationError("The amount must not be 0.", "zero_amount")


class DividedAmount(models.Model):
    """The division of a transaction's amount, stored in other tables, as attributes of the transaction.

    A new value is stored by `finance.services.divisions.store_divisions` after the transaction is saved.
    """

    new_splits: list[Part] | None = None
    new_refund_of: list[UUID] | None = None
    allowed_excess = False

    if TYPE_CHECKING:
        user_id: UUID
        amount: Any
        currency: Any
        category: Any
        transaction_type: Any
        divided_by: Any
        parts: Any
        shares: Any

    class Meta:
        abstract = True

    @classmethod
    def has_values_of_other_rows(cls) -> bool:
        """Return True: parts and shares change with names, and with refunded expenses, without a change of the row."""
        return True

    @property
    def splits(self) -> list[Part]:
        """The parts in their order; [] for a transaction that is not split."""
        if self.new_splits is None and self.divided_by == DividedBy.SPLITS:
            return list(self.parts.filter(user_id=self.user_id).order_by("number").values("amount", "category", "note", "tags"))
        return self.new_splits or []

    @splits.setter
    def splits(self, parts: Iterable[Part]) -> None:
        given = list(parts)
        if given:
            self.divided_by, self.category = DividedBy.SPLITS, ""
        elif self.divided_by == DividedBy.SPLITS:
            self.divided_by = ""
        elif not self.new_splits:
            return  # there are none to be removed
        self.new_splits = given

    @property
    def refund_of(self) -> list[UUID]:
        """The keys of the expenses that this transaction refunds, in the order of their keys; [] if it refunds none."""
        if self.new_refund_of is None and self.divided_by == DividedBy.REFUND:
            return list(self.shares.filter(user_id=self.user_id).order_by("expense_id").values_list("expense_id", flat=True))
        return self.new_refund_of or []

    @refund_of.setter
    def refund_of(self, expenses: Iterable[UUID]) -> None:
        given = sorted(set(expenses))
        if given:
            self.divided_by = DividedBy.REFUND
        elif self.divided_by == DividedBy.REFUND:
            self.divided_by = ""
        elif not self.new_refund_of:
            return  # there are none to be removed
        self.new_refund_of = given

    @property
    def allow_excess(self) -> bool:
        """True if a new `refund_of` may give back more than was spent."""
        return self.allowed_excess

    @allow_excess.setter
    def allow_excess(self, is_allowed: bool) -> None:
        self.allowed_excess = is_allowed

    def same_refund(self) -> dict[str, Any]:
        """Return the values with which a changed amount is divided among the same expenses."""
        allows_excess = self.shares.filter(user_id=self.user_id, allows_excess=True).exists()
        return {"refund_of": self.refund_of, "allow_excess": allows_excess}

    def clean_division(self) -> None:
        """Raise ValidationError if the division does not fit the amount, the type or the category."""
        if self.new_splits and self.new_refund_of:
            raise ValidationError({"splits": ValidationError(NOT_BOTH, "ambiguous")})
        if self.divided_by == DividedBy.SPLITS:
            self._clean_splits()
        if self.divided_by == DividedBy.REFUND and self.transaction_type not in COMING_IN:
            raise ValidationError({"refund_of": ValidationError(REFUNDS_NOTHING, "refunds_nothing")})

    def _clean_splits(self) -> None:
        if self.transaction_type == TransactionType.TRANSFER:
            raise ValidationError({"splits": ValidationError(NO_PARTS_OF_TRANSFER, "split_transfer")})
        if self.category:
            raise ValidationError({"category": ValidationError(SPLIT_HAS_NONE, "is_split")})
        is_imported = self._state.adding and self.new_splits is None  # its parts follow, and the database checks their sum
        if self.amount is not None and not is_imported:
            check_sum(self.splits, self.amount, self.currency)


def check_sum(parts: Sequence[Part], amount: Decimal, currency: str) -> None:
    """Give the amounts of parts the decimals of `currency`. Raise ValidationError if one is 0, or their sum is not `amount`."""
    try:
        for number, part in enumerate(parts, 1):
            part["amount"] = in_minor_units(part["amount"], currency, "amount")
            if part["amount"] == 0:
                raise ValidationError({"splits": ValidationError(ZERO_PART, "zero_amount", {"number": number})})
    except TooManyDecimalsError as error:
        raise ValidationError({"splits": ValidationError(f"Part {number}: {error.message}", error.code)}) from error
    total = sum((part["amount"] for part in parts), Decimal(0))
    if total != amount:
        values = {"sum": total, "amount": amount, "rest": amount - total}
        raise ValidationError({"splits": ValidationError(OTHER_SUM, "other_sum", values)})
