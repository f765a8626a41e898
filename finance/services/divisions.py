"""Storing the parts of transactions and the shares of refunds."""

from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal
from itertools import accumulate, pairwise
from typing import Any
from uuid import UUID

import pgtrigger
from django.db import connection
from django.db.models import Sum

from core.currencies import in_minor_units, unit_of
from core.errors import DomainError
from finance.models import FinancialTransaction, RefundShare, TransactionSplit
from finance.models.divided import GOING_OUT, DividedBy
from finance.models.splits import adds_up
from finance.models.transactions import divided_as_stated
from finance.services.edited_divisions import recorded_divisions

DEFERRED: list[tuple[Any, pgtrigger.Trigger]] = [
    (TransactionSplit, adds_up),
    *((FinancialTransaction, trigger) for trigger in divided_as_stated),
]
SUMS = ", ".join(trigger.get_pgid(model) for model, trigger in DEFERRED)


def store_divisions(rows: Iterable[FinancialTransaction], *, are_new: bool) -> None:
    """Store the new parts and shares of transactions that were just saved, in their place.

    Parts of a transaction whose currency has changed are adapted. Raise DomainError at `refund_of` if the expenses
    can't be refunded so.
    """
    divided = [row for row in rows if row.divided_by or not are_new and _has_new_division(row)]
    if are_new:
        _insert(divided)
        return
    divided = [row for row in divided if _prepare(row)]
    if divided:
        with recorded_divisions(divided):
            _delete(divided)
            _insert(divided)


def _insert(rows: list[FinancialTransaction]) -> None:
    if rows:
        TransactionSplit.objects.bulk_create(
            TransactionSplit(user_id=row.user_id, transaction_id=row.pk, number=number, currency=row.currency, **part)
            for row in rows
            for number, part in enumerate(row.splits, 1)
        )
        RefundShare.objects.bulk_create([share for row in rows if row.refund_of for share in _shares(row)])
        check_sums()


def check_sums() -> None:
    """Check the sums of parts now, so that an error is that of this statement, not of the commit."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS {SUMS} IMMEDIATE; SET CONSTRAINTS {SUMS} DEFERRED")


def _has_new_division(row: FinancialTransaction) -> bool:
    return row.new_splits is not None or row.new_refund_of is not None


def _prepare(row: FinancialTransaction) -> bool:
    """Let a split row keep its parts with its present currency. Return False if nothing is to be stored."""
    keeps_parts = row.divided_by == DividedBy.SPLITS and not _has_new_division(row)
    if keeps_parts and row.parts.filter(user_id=row.user_id).exclude(currency=row.currency).exists():
        row.splits = [{**part, "amount": in_minor_units(part["amount"], row.currency)} for part in row.splits]
    return _has_new_division(row)


def _delete(rows: list[FinancialTransaction]) -> None:
    owners = {row.user_id for row in rows}
    TransactionSplit.objects.filter(user_id__in=owners, transaction__in=rows).delete()
    RefundShare.objects.filter(user_id__in=owners, refund__in=rows).delete()


def _shares(refund: FinancialTransaction) -> list[RefundShare]:
    """Return the shares of a refund, in proportion to the expenses; the last one gets what the rounding leaves."""
    expenses = _refundable(refund)
    parts = in_proportion(refund.amount, [-expense.amount for expense in expenses], unit_of(refund.currency))
    return [_share(refund, expense, part) for expense, part in zip(expenses, parts, strict=True) if part]


def in_proportion(amount: Decimal, weights: list[Decimal], unit: Decimal) -> list[Decimal]:
    """Divide `amount` in proportion to `weights` into multiples of `unit`.

    The sums up to each part are rounded down, so that no part exceeds its weight while `amount` is at most their sum. The SQL
    of `finance_part` divides in the same way.
    """
    total = sum(weights, Decimal(0))
    ends = [(amount * part / total).quantize(unit, ROUND_DOWN) for part in accumulate(weights)]
    return [end - start for start, end in pairwise([Decimal(0), *ends])]


def _share(refund: FinancialTransaction, expense: FinancialTransaction, amount: Decimal) -> RefundShare:
    """Return a share, or raise DomainError if more would be refunded than was spent."""
    others = RefundShare.objects.filter(user_id=refund.user_id, expense=expense)
    refunded = others.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    if refunded + amount > -expense.amount and not refund.allow_excess:
        before = f", of which {refunded} is refunded already" if refunded else ""
        message = (
            f"{amount} would be refunded of {expense.transaction_date} {expense.payee or expense.description}, but "
            f"{-expense.amount} {expense.currency} was spent{before}. Choose further expenses, or send allow_excess: true."
        )
        raise DomainError("more_than_spent", message, field="refund_of")
    return RefundShare(
        user_id=refund.user_id,
        refund=refund,
        expense=expense,
        amount=amount,
        currency=refund.currency,
        allows_excess=refund.allow_excess,
    )


def _refundable(refund: FinancialTransaction) -> list[FinancialTransaction]:
    """Return the expenses of a refund, locked in the order of their keys. Raise DomainError if one can't be refunded."""
    wanted: list[UUID] = refund.refund_of
    rows: Any = FinancialTransaction.objects.filter(user_id=refund.user_id, pk__in=wanted).order_by("pk")
    found = list(rows.select_for_update(no_key=True))
    missing = sorted(set(wanted) - {row.pk for row in found})
    if missing:
        raise DomainError("does_not_exist", f"You have no transaction {missing[0]}.", field="refund_of")
    for row in found:
        if row.transaction_type not in GOING_OUT:
            raise DomainError("not_an_expense", f"{row.pk} is no expense or fee, so it can't be refunded.", field="refund_of")
        if row.currency != refund.currency:
            message = f"The expense {row.pk} is in {row.currency}, the refund in {refund.currency}. They must be equal."
            raise DomainError("another_currency", message, field="refund_of")
    return found
