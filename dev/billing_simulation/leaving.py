"""Actions of customers who want to leave in a simulation: they leave with a refund, or pause instead."""

from datetime import datetime
from decimal import Decimal

from billing import services
from billing.models.cancellations import CancellationReason
from billing.services.customer_notices import format_amount
from core import rls
from dev.billing_simulation.customer import SimulatedCustomer


def leave_with_refund(customer: SimulatedCustomer, now: datetime) -> str:
    """Look at the options, and end the subscription now with a refund of the unused time."""
    subscription = customer.running
    feedback = services.CancellationFeedback(CancellationReason.MISSING_FEATURES)
    with rls.as_customer(customer.user):
        option = services.leaving_options(subscription, now=now).withdrawal
        services.withdraw(subscription, feedback=feedback, now=now)
    refund = format_amount(option.refund or Decimal(0), subscription.currency)
    return f"The customer leaves, because features are missing. The preview shows a refund of {refund}."


def pause_instead(customer: SimulatedCustomer, now: datetime) -> str:
    """Look at the options, and pause for a month."""
    subscription = customer.running
    feedback = services.CancellationFeedback(CancellationReason.UNUSED)
    with rls.as_customer(customer.user):
        option = services.leaving_options(subscription, now=now).pause
        services.pause(subscription, months=1, feedback=feedback, now=now)
    credit = format_amount(option.credit or Decimal(0), subscription.currency)
    until = f"{option.resumes_at[0]:%Y-%m-%d}"
    return f"The customer pauses until {until} instead of leaving. The preview shows a credit of {credit}."
