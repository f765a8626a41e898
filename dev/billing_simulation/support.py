"""Actions of support in Stripe's dashboard in a simulation: discounts, credits and chosen ends."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from billing.models import StripeCustomer
from billing.services.customer_notices import format_amount
from billing.stripe import client as stripe_client
from billing.stripe.values import to_minor_units
from dev.billing_simulation.customer import SimulatedCustomer


def give_coupon(customer: SimulatedCustomer, now: datetime, *, percent: int, months: int) -> str:
    """Give a discount for some months."""
    terms = {"percent_off": percent, "duration": "repeating", "duration_in_months": months}
    coupon = stripe_client.write("coupons.create", terms, key=f"simulated-coupon-{customer.user.pk}")["id"]
    _update(customer, {"discounts": [{"coupon": coupon}]}, now)
    return f"Support gives the customer {percent} % off for {months} months."


def give_credit(customer: SimulatedCustomer, now: datetime, *, amount: int) -> str:
    """Give a credit in the currency of the plan."""
    currency = customer.running.plan.currency
    name = StripeCustomer.objects.get(user=customer.user).stripe_id
    given = {"amount": -to_minor_units(Decimal(amount), currency), "currency": currency.lower(), "description": "Apology"}
    stripe_client.write("customers.balance_transactions.create", name, given, key=f"simulated-credit-{name}")
    return f"Support gives the customer a credit of {format_amount(Decimal(amount), currency)}."


def end_after(customer: SimulatedCustomer, now: datetime, *, days: int) -> str:
    """End the subscription on a chosen day."""
    end = now + timedelta(days=days)
    _update(customer, {"cancel_at": int(end.timestamp())}, now)
    return f"Support ends the subscription on {end:%Y-%m-%d}, as the customer asked."


def _update(customer: SimulatedCustomer, given: dict[str, Any], now: datetime) -> None:
    name = customer.running.stripe_subscription_id
    stripe_client.write("subscriptions.update", name, given, key=f"simulated-{name}-{now.isoformat()}")
