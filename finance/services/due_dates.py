"""Payments towards due dates: recording, undoing and listing them, and updating the due dates' statuses."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import transaction as database
from django.db.models import Q, Sum

from core.currencies import in_minor_units, rounded
from core.errors import ConflictError, DomainError
from finance import recurrence
from finance.models import DueDatePayment, FinancialTransaction, UserExpenseDueDate, UserIncomeDueDate
from finance.models.due_dates import DueDate
from finance.models.transactions import TransactionStatus

MAX_OCCURRENCES = 400
NO_PAYMENT_STATUSES = (TransactionStatus.FAILED, TransactionStatus.CANCELED)


@dataclass(frozen=True)
class Occurrence:
    """One day of a series with the expected and paid amounts in the due date's currency, and the linked transactions."""

    date: date
    expected: Decimal
    paid: Decimal
    status: str
    transactions: list[UUID]


@database.atomic
def record_payment(
    due: DueDate,
    *,
    today: date,
    amount: Decimal | None = None,
    paid_on: date | None = None,
    transaction: FinancialTransaction | None = None,
    occurrence: date | None = None,
    in_full: bool = False,
) -> DueDatePayment:
    """Record a payment towards `occurrence` of `due`, by default the oldest unsettled one.

    - `amount` defaults to the unused rest of `transaction`, or without one to the unpaid rest of the occurrence.
    - `paid_on` defaults to the day of `transaction`, or without one to `today`.
    - The occurrence is settled when its payments reach the expected amount, or by this payment if `in_full`.

    `due` is locked, refreshed and updated. Raise DomainError at the invalid field, ConflictError if the occurrence is
    settled already.
    """
    lock(due)
    day = open_occurrence(due, occurrence)
    if transaction is not None:
        transaction = lock_linkable_transaction(due, transaction, day)
        amount, paid_on = _within(transaction, amount), paid_on or transaction.transaction_date
    paid_on = paid_on or today
    if paid_on > today:
        raise DomainError("in_the_future", "The date is in the future. Use today or an earlier day.", field="date")
    payment = _record(due, day, amount=amount, in_full=in_full, paid_on=paid_on, transaction=transaction)
    _update_due_date(due, due.first_open(due.next_occurrence or day), payment, today)
    return payment


def _record(due: DueDate, day: date, *, amount: Decimal | None, in_full: bool, **known: Any) -> DueDatePayment:
    """Create the payment for `day`, by default of the whole unpaid rest."""
    earlier = due.payments_made().filter(occurrence_date=day)
    before = earlier.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    amount = due.expected_amount - before if amount is None else in_minor_units(amount, due.currency)
    expected = min(due.expected_amount, before + amount) if in_full else due.expected_amount
    earlier.update(expected_amount=expected)
    side = "income" if isinstance(due, UserIncomeDueDate) else "expense"
    return DueDatePayment.objects.create(
        user_id=due.user_id,
        **{side: due},
        occurrence_date=day,
        expected_amount=expected,
        amount=amount,
        currency=due.currency,
        **known,
    )


@database.atomic
def undo_last_payment(due: DueDate, *, today: date) -> None:
    """Delete the payment of `due` that was recorded last; raise ConflictError if there is none."""
    lock(due)
    newest = list(due.payments_made().order_by("-id")[:2])
    if not newest:
        raise ConflictError("nothing_to_undo", "There is no payment to undo.")
    last, before = newest[0], newest[1:]
    day = last.occurrence_date
    last.delete()
    due.payments_made().filter(occurrence_date=day).update(expected_amount=due.expected_amount)
    _update_due_date(due, _next_after_undo(due, day), next(iter(before), None), today)


def _next_after_undo(due: DueDate, day: date) -> date | None:
    """Return the next occurrence once a payment for `day` is undone; a day of an earlier schedule is not due again."""
    if not due.has_occurrence(day) or day < due.due_date:
        return due.next_occurrence
    return due.first_open(day if due.next_occurrence is None else min(day, due.next_occurrence))


def lock(due: DueDate) -> None:
    """Lock `due` until the transaction ends and refresh it from the database, without loading its owner again."""
    owner = due.user
    due.refresh_from_db(from_queryset=type(due)._base_manager.select_for_update())
    due.user = owner


def open_occurrence(due: DueDate, wanted: date | None) -> date:
    """Return `wanted` or the oldest unsettled occurrence; raise DomainError or ConflictError if it can't be paid."""
    if due.next_occurrence is None:
        raise ConflictError("already_settled", "Everything is settled. Undo the last payment to record another one.")
    if wanted is None:
        return due.next_occurrence
    if not due.has_occurrence(wanted):
        sentence = f"Nothing is due on this day. The oldest unsettled day is {due.next_occurrence}."
        raise DomainError("no_occurrence", sentence, field="occurrence")
    if due.first_open(wanted) != wanted or wanted < due.next_occurrence:
        raise ConflictError("already_settled", "This day is already settled. Undo its payment to record another one.")
    return wanted


def lock_linkable_transaction(due: DueDate, transaction: FinancialTransaction, day: date) -> FinancialTransaction:
    """Return the transaction, locked; raise DomainError if it can't be a payment towards `due` on `day`."""
    found = FinancialTransaction.objects.select_for_update().filter(user_id=due.user_id, pk=transaction.pk).first()
    if found is None:
        raise DomainError("does_not_exist", "This transaction no longer exists.", field="transaction")
    if found.currency != due.currency:
        sentence = f"This transaction is in {found.currency}. Choose one in {due.currency}."
        raise DomainError("another_currency", sentence, field="transaction")
    if (found.amount > 0) is not isinstance(due, UserIncomeDueDate):
        sign = "above" if isinstance(due, UserIncomeDueDate) else "below"
        raise DomainError("wrong_direction", f"Choose a transaction with an amount {sign} 0.", field="transaction")
    if found.status in NO_PAYMENT_STATUSES:
        sentence = f"This transaction is {found.status}, so no money moved. Choose another one."
        raise DomainError("nothing_moved", sentence, field="transaction")
    if due.payments_made().filter(occurrence_date=day, transaction=found).exists():
        raise DomainError("already_linked", "This transaction is already linked to this occurrence.", field="transaction")
    return found


def _within(transaction: FinancialTransaction, amount: Decimal | None) -> Decimal:
    """Return `amount` or the unused rest of the transaction; raise DomainError if its payments would exceed its amount."""
    others = DueDatePayment.objects.filter(user_id=transaction.user_id, transaction=transaction)
    left = transaction.absolute_amount - (others.aggregate(total=Sum("amount"))["total"] or Decimal(0))
    if left <= 0:
        sentence = "The whole amount of this transaction is already recorded as payments. Choose another transaction."
        raise DomainError("transaction_used_up", sentence, field="transaction")
    if amount is not None and amount > left:
        sentence = f"Only {left} of this transaction is not yet recorded as a payment. Use at most this amount."
        raise DomainError("more_than_transaction", sentence, field="amount")
    return left if amount is None else amount


def _update_due_date(due: DueDate, upcoming: date | None, last: DueDatePayment | None, today: date) -> None:
    """Store the next occurrence, the last payment and the resulting status."""
    known = {f"last_{due.done}_date": last and last.paid_on, f"last_{due.done}_amount": last and last.amount}
    for name, value in known.items():
        setattr(due, name, value)
    due.next_occurrence = upcoming
    due.status = due.status_on(today)
    changed = [*known, "next_occurrence", "status"]
    due.save(update_fields=changed)


def occurrences_of(due: DueDate, *, start: date, end: date, today: date) -> list[Occurrence]:
    """Return the paid and the unsettled occurrences from `start` to `end`, both inclusive.

    Raise DomainError if there are more than MAX_OCCURRENCES.
    """
    by_day = due.payments_made().filter(occurrence_date__range=(start, end)).by_occurrence()
    linked = ArrayAgg("transaction_id", filter=Q(transaction__isnull=False), order_by="id", default=[])
    found = {row["occurrence_date"]: row for row in by_day.annotate(transactions=linked)[: MAX_OCCURRENCES + 1]}
    days = sorted({*found, *_unsettled(due, start, end)})
    if len(days) > MAX_OCCURRENCES:
        sentence = f"The period has more than {MAX_OCCURRENCES} occurrences. Request a shorter period."
        raise DomainError("too_many_occurrences", sentence, field="to")
    return [_occurrence(due, day, found.get(day), today) for day in days]


def _unsettled(due: DueDate, start: date, end: date) -> Iterable[date]:
    upcoming = due.next_occurrence
    if upcoming is None:
        return ()
    if not due.is_recurring:
        return (upcoming,) if start <= upcoming <= end else ()
    return islice(recurrence.occurrences(due.due_date, due.frequency, max(start, upcoming), end), MAX_OCCURRENCES + 1)


def _occurrence(due: DueDate, day: date, row: dict[str, Any] | None, today: date) -> Occurrence:
    if row is None:
        return Occurrence(
            day, due.expected_amount, rounded(Decimal(0), due.currency), "overdue" if day < today else "pending", []
        )
    status = "paid" if row["paid"] >= row["expected"] else "partial"
    return Occurrence(day, row["expected"], row["paid"], status, row["transactions"])


def update_due_date_statuses() -> int:
    """Update `status` of due dates that became due or overdue in their owner's time zone; return the number of rows.

    Partially paid ones keep their status. Idempotent.
    """
    models: tuple[Any, ...] = (UserIncomeDueDate, UserExpenseDueDate)
    overdue = [model.objects.overdue().filter(status__in=["pending", model.done]).update(status="overdue") for model in models]
    pending = [model.objects.due_today().filter(status=model.done).update(status="pending") for model in models]
    return sum(overdue + pending)
