"""Paying bills and receiving income: what happens to a due date when money moves towards it."""

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

from core.errors import ConflictError, DomainError
from finance import recurrence
from finance.models import DueDatePayment, FinancialTransaction, UserExpenseDueDate, UserIncomeDueDate
from finance.models.due_dates import DueDate
from finance.models.transactions import TransactionStatus

MAX_OCCURRENCES = 400
NO_PAYMENT_STATUSES = (TransactionStatus.FAILED, TransactionStatus.CANCELLED)


@dataclass(frozen=True)
class Occurrence:
    """One day of a series: what was expected, what was paid, and by which transactions as far as they are known."""

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
    """Record a payment towards an occurrence of `due`, the oldest unsettled one unless `occurrence` names another.

    The amount is what `transaction` has left, else what the occurrence still lacks; the day is the transaction's, else `today`.
    Payments add up; the occurrence is settled when they reach what was expected, or with this one when it is `in_full`.
    `due` is locked, and brought up to date. Raises DomainError at the field that is wrong, ConflictError when there is nothing
    to settle any more.
    """
    lock(due)
    day = open_occurrence(due, occurrence)
    if transaction is not None:
        transaction = lock_linkable_transaction(due, transaction, day)
        amount, paid_on = _within(transaction, amount), paid_on or transaction.transaction_date
    paid_on = paid_on or today
    if paid_on > today:
        raise DomainError("in_the_future", "This is still to come. Record it when it has happened.", field="date")
    made = _record(due, day, amount=amount, in_full=in_full, paid_on=paid_on, transaction=transaction)
    _keep(due, due.first_open(due.next_occurrence or day), made, today)
    return made


def _record(due: DueDate, day: date, *, amount: Decimal | None, in_full: bool, **known: Any) -> DueDatePayment:
    """The new payment for `day`, of all that is lacking unless there is an `amount`."""
    earlier = due.payments_made().filter(occurrence_date=day)
    before = earlier.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    amount = due.expected_amount - before if amount is None else amount
    expected = min(due.expected_amount, before + amount) if in_full else due.expected_amount
    earlier.update(expected_amount=expected)
    side = "income" if isinstance(due, UserIncomeDueDate) else "expense"
    return DueDatePayment.objects.create(
        user_id=due.user_id, **{side: due}, occurrence_date=day, expected_amount=expected, amount=amount, **known
    )


@database.atomic
def undo_last_payment(due: DueDate, *, today: date) -> None:
    """Take the last recorded payment of `due` back. Raises ConflictError when there is none."""
    lock(due)
    newest = list(due.payments_made().order_by("-id")[:2])
    if not newest:
        raise ConflictError("nothing_to_undo", "No payment is recorded here, so there is none to take back.")
    last, before = newest[0], newest[1:]
    day = last.occurrence_date
    last.delete()
    due.payments_made().filter(occurrence_date=day).update(expected_amount=due.expected_amount)
    _keep(due, _after_undo(due, day), next(iter(before), None), today)


def _after_undo(due: DueDate, day: date) -> date | None:
    """What is due next once a payment for `day` is gone; a day of an earlier schedule is not due again."""
    if not due.has_occurrence(day) or day < due.due_date:
        return due.next_occurrence
    return due.first_open(day if due.next_occurrence is None else min(day, due.next_occurrence))


def lock(due: DueDate) -> None:
    """Lock the row until the transaction ends, and read it as it is now. Its owner stays the object that it was."""
    owner = due.user
    due.refresh_from_db(from_queryset=type(due)._base_manager.select_for_update())
    due.user = owner


def open_occurrence(due: DueDate, wanted: date | None) -> date:
    """The oldest unsettled occurrence, or the one that is `wanted` if it may be paid."""
    if due.next_occurrence is None:
        raise ConflictError("already_settled", "This is settled, and nothing is due any more.")
    if wanted is None:
        return due.next_occurrence
    if not due.has_occurrence(wanted):
        sentence = f"Nothing is due on this day. The oldest day that is not settled is {due.next_occurrence}."
        raise DomainError("no_occurrence", sentence, field="occurrence")
    if due.first_open(wanted) != wanted or wanted < due.next_occurrence:
        raise ConflictError("already_settled", "This day is settled already. Undo its payment to record another one.")
    return wanted


def lock_linkable_transaction(due: DueDate, transaction: FinancialTransaction, day: date) -> FinancialTransaction:
    """The transaction, locked, if it can have paid `due`: same currency, right direction, and not linked with this day yet."""
    found = FinancialTransaction.objects.select_for_update().filter(user_id=due.user_id, pk=transaction.pk).first()
    if found is None:
        raise DomainError("does_not_exist", "This transaction does not exist any more.", field="transaction")
    if found.currency != due.currency:
        sentence = f"This transaction is in {found.currency}, what is due in {due.currency}."
        raise DomainError("another_currency", sentence, field="transaction")
    if (found.amount > 0) is not isinstance(due, UserIncomeDueDate):
        direction = "in" if isinstance(due, UserIncomeDueDate) else "out"
        sentence = f"Money that goes {direction} is needed, but this transaction goes the other way."
        raise DomainError("wrong_direction", sentence, field="transaction")
    if found.status in NO_PAYMENT_STATUSES:
        raise DomainError("nothing_moved", f"This transaction is {found.status}: no money moved.", field="transaction")
    if due.payments_made().filter(occurrence_date=day, transaction=found).exists():
        raise DomainError("already_linked", "This transaction is linked with this occurrence already.", field="transaction")
    return found


def _within(transaction: FinancialTransaction, amount: Decimal | None) -> Decimal:
    """The amount, or all that is left of the transaction, whose payments together can't be more than it moved."""
    others = DueDatePayment.objects.filter(user_id=transaction.user_id, transaction=transaction)
    left = transaction.absolute_amount - (others.aggregate(total=Sum("amount"))["total"] or Decimal(0))
    if left <= 0:
        sentence = "All of this transaction is recorded as payments already."
        raise DomainError("transaction_used_up", sentence, field="transaction")
    if amount is not None and amount > left:
        sentence = f"Only {left} of this transaction is not recorded as a payment yet."
        raise DomainError("more_than_transaction", sentence, field="amount")
    return left if amount is None else amount


def _keep(due: DueDate, upcoming: date | None, last: DueDatePayment | None, today: date) -> None:
    """Store what is due next, the last payment, and the status that follows."""
    known = {f"last_{due.done}_date": last and last.paid_on, f"last_{due.done}_amount": last and last.amount}
    for name, value in known.items():
        setattr(due, name, value)
    due.next_occurrence = upcoming
    due.status = due.status_on(today)
    changed = [*known, "next_occurrence", "status"]
    due.save(update_fields=changed)


def occurrences_of(due: DueDate, *, start: date, end: date, today: date) -> list[Occurrence]:
    """The occurrences from `start` to `end`, both inclusive: those with payments, and those that are still to be settled.

    Raises DomainError when there are more than MAX_OCCURRENCES.
    """
    by_day = due.payments_made().filter(occurrence_date__range=(start, end)).by_occurrence()
    linked = ArrayAgg("transaction_id", filter=Q(transaction__isnull=False), order_by="id", default=[])
    found = {row["occurrence_date"]: row for row in by_day.annotate(transactions=linked)[: MAX_OCCURRENCES + 1]}
    days = sorted({*found, *_still_to_settle(due, start, end)})
    if len(days) > MAX_OCCURRENCES:
        sentence = f"These are more than {MAX_OCCURRENCES} occurrences. Ask for a shorter time."
        raise DomainError("too_many_occurrences", sentence, field="to")
    return [_occurrence(due, day, found.get(day), today) for day in days]


def _still_to_settle(due: DueDate, start: date, end: date) -> Iterable[date]:
    upcoming = due.next_occurrence
    if upcoming is None:
        return ()
    if not due.is_recurring:
        return (upcoming,) if start <= upcoming <= end else ()
    return islice(recurrence.occurrences(due.due_date, due.frequency, max(start, upcoming), end), MAX_OCCURRENCES + 1)


def _occurrence(due: DueDate, day: date, row: dict[str, Any] | None, today: date) -> Occurrence:
    if row is None:
        return Occurrence(day, due.expected_amount, Decimal("0.00"), "overdue" if day < today else "pending", [])
    status = "paid" if row["paid"] >= row["expected"] else "partial"
    return Occurrence(day, row["expected"], row["paid"], status, row["transactions"])


def update_due_date_statuses() -> int:
    """Bring `status` up to date where the owner's day has turned since the row was written; gives how many rows.

    Partial ones stay so until something is paid. Running it again changes nothing.
    """
    models: tuple[Any, ...] = (UserIncomeDueDate, UserExpenseDueDate)
    overdue = [model.objects.overdue().filter(status__in=["pending", model.done]).update(status="overdue") for model in models]
    pending = [model.objects.due_today().filter(status=model.done).update(status="pending") for model in models]
    return sum(overdue + pending)
