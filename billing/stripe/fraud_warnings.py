"""Early fraud warnings: a card's bank suspects a payment. A refund before the dispute saves its fee, so staff are told."""

from datetime import datetime

from billing.models import StripeEvent
from billing.services.customer_notices import format_amount
from billing.services.staff_notices import notify_staff
from billing.stripe import client as stripe_client
from billing.stripe.event_customers import object_of
from billing.stripe.values import from_minor_units, id_of


def report_fraud_warning(event: StripeEvent, *, now: datetime) -> None:
    """Notify staff of an event's early fraud warning, once however many events there are about it."""
    if not event.body:  # replayed after its body was cleared
        return
    warning = object_of(event)
    charge = stripe_client.call("charges.retrieve", id_of(warning["charge"]))
    currency = charge["currency"].upper()
    amount = format_amount(from_minor_units(charge["amount"], currency), currency)
    message = (
        f"The bank suspects fraud ({warning['fraud_type'].replace('_', ' ')}) in the payment {charge['id']} of {amount} by the "
        f"customer {event.stripe_customer_id}. Refund it, or the cardholder will probably dispute it."
    )
    notify_staff(title=f"Early fraud warning {warning['id']}", message=message, now=now, is_once=True)
