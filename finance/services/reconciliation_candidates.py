"""The rows that may explain the difference between a bank's balance and that of an account."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.db.models.fields.json import KeyTextTransform

from core.currencies import in_minor_units
from finance.balance_explanations import MAX_CANDIDATES, Candidate, Reason
from finance.models import DeletedTransaction, EncryptedFinancialProfile, FinancialTransaction, StatementImportRow
from finance.models.imports import RowVerdict
from finance.models.later_transactions import MOVING
from finance.models.transactions import NEVER_COUNTED, TransactionQuerySet, TransactionStatus
from finance.services.import_staging import hash_joins

SOME_DAYS = timedelta(days=5)  # between the day of a payment and its booking
FEW_DAYS = timedelta(days=3)  # between a transaction and its duplicate
PERIOD = timedelta(days=62)  # two statements


def on_account(account: EncryptedFinancialProfile) -> TransactionQuerySet:
    return FinancialTransaction.objects.on_account(account).filter(currency=account.currency)


def counted(account: EncryptedFinancialProfile, day: date | None) -> TransactionQuerySet:
    """Return the transactions that the account's balance at the end of `day` contains."""
    return on_account(account).filter(status__in=MOVING, transaction_date__lte=day)


def candidates(
    account: EncryptedFinancialProfile, unconfirmed: TransactionQuerySet, day: date, difference: Decimal
) -> Iterator[Candidate]:
    """Yield the rows that may explain a difference at the end of `day`, the newest of each reason, some with several reasons.

    `unconfirmed` are the counted transactions that no reconciliation has confirmed.
    """
    yield from _not_booked(account, unconfirmed, day)
    yield from _not_counted(account, day)
    yield from _missing(account, day)
    yield from _of_rows(Reason.WRONG_SIGN, unconfirmed.filter(amount=-difference / 2), effect=-2)


def _not_booked(account: EncryptedFinancialProfile, unconfirmed: TransactionQuerySet, day: date) -> Iterator[Candidate]:
    """Yield the counted transactions that the bank may not have booked, or that it has once where the account has two."""
    same = on_account(account).filter(
        status__in=MOVING,
        pk__lt=OuterRef("pk"),
        amount=OuterRef("amount"),
        transaction_date__range=(OuterRef("transaction_date") - FEW_DAYS, OuterRef("transaction_date") + FEW_DAYS),
    )
    alike = same.filter(payee=OuterRef("payee")) | same.filter(payee=None, description=OuterRef("description"))
    conditions = {
        Reason.PENDING: Q(status=TransactionStatus.PENDING),
        Reason.BOOKED_LATER: Q(posted_date__gt=day),
        Reason.DUPLICATE: Q(Exists(alike), transaction_date__gt=day - PERIOD),
        Reason.RECENT: Q(transaction_date__gt=day - SOME_DAYS),
    }
    for reason, condition in conditions.items():
        with hash_joins():  # a nested loop, which new rows without statistics would get, compares all pairs of duplicates
            found = list(_of_rows(reason, unconfirmed.filter(condition), effect=-1))
        yield from found


def _not_counted(account: EncryptedFinancialProfile, day: date) -> Iterator[Candidate]:
    """Yield the transactions that are not counted, or not by then, and that the bank may have booked."""
    later = on_account(account).filter(status__in=MOVING, transaction_date__gt=day, transaction_date__lte=day + SOME_DAYS)
    yield from _of_rows(Reason.DATED_LATER, later, effect=1)
    refused = on_account(account).filter(status__in=NEVER_COUNTED, transaction_date__range=(day - PERIOD, day))
    yield from _of_rows(Reason.NOT_COUNTED, refused, effect=1)


def _of_rows(reason: Reason, rows: TransactionQuerySet, *, effect: int) -> Iterator[Candidate]:
    for row in rows.order_by("-transaction_date", "-pk")[:MAX_CANDIDATES]:
        text = row.payee or row.merchant_name or row.description
        yield Candidate(reason, row.pk, row.transaction_date, row.amount, text, effect * row.amount)


def _missing(account: EncryptedFinancialProfile, day: date) -> Iterator[Candidate]:
    """Yield deleted transactions of the account, and rows of imports that wait for a decision."""
    deleted: Any = DeletedTransaction.objects.filter(user_id=account.user_id).with_values()
    of_account = {"account_id": str(account.pk), "currency": account.currency, "transaction_date__range": (day - PERIOD, day)}
    deleted = deleted.annotate(account_id=KeyTextTransform("financial_profile_id", "row")).filter(**of_account)
    for row in deleted.order_by("-deleted_at", "-pk")[:MAX_CANDIDATES]:
        amount, text = in_minor_units(Decimal(row.amount), account.currency), row.merchant_name or row.description
        yield Candidate(Reason.DELETED, row.pk, row.transaction_date, amount, text, amount)
    waiting: Any = StatementImportRow.objects.filter(
        user_id=account.user_id,
        account_id=account.pk,
        verdict=RowVerdict.REVIEW,
        currency=account.currency,
        transaction_date__range=(day - PERIOD, day),
        statement_import__undone_at=None,
    )
    texts = waiting.annotate(text=KeyTextTransform("description", "data")).order_by("-transaction_date", "-pk")
    for row in texts[:MAX_CANDIDATES]:
        import_id, amount = row.statement_import_id, row.amount
        yield Candidate(Reason.IN_REVIEW, import_id, row.transaction_date, amount, row.text or "", amount, row.number)
