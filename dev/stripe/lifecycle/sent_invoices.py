"""Invoices that are sent to the customer and paid until a due date (`collection_method=send_invoice`)."""

from dev.stripe.account import Account
from dev.stripe.billing_periods import DAY
from dev.stripe.events import emit, updating
from dev.stripe.store import Obj


def due_date_of(owner: Obj, now: int) -> int | None:
    """Return the due date of an invoice that is created now, None if it is charged automatically."""
    return now + owner["days_until_due"] * DAY if owner["collection_method"] == "send_invoice" else None


def send_invoice(account: Account, invoice: Obj) -> None:
    """Send the email with the link to the invoice's page."""
    emit(account, "invoice.sent", invoice)


def become_overdue(account: Account, invoice: Obj) -> None:
    """Record that an invoice was not paid by its due date, which makes its subscription past due."""
    invoice["_"]["is_overdue"] = True
    emit(account, "invoice.overdue", invoice)
    subscription = account.store.find(invoice["_"].get("subscription"))
    if subscription is not None and subscription["status"] == "active":
        with updating(account, subscription):
            subscription["status"] = "past_due"
