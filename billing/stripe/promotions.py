"""The promotion code that win-back notices offer, as Stripe knows it."""

from decimal import Decimal
from typing import Any

from django.conf import settings

from billing.services.customer_notices import format_amount
from billing.stripe import client as stripe_client
from billing.stripe.values import from_minor_units
from core.errors import ConflictError


def win_back_offer() -> str:
    """Return a sentence about the promotion code of the settings, "" if none is set or Stripe is not connected.

    Raise ConflictError if customers who return could not use it.
    """
    code = settings.BILLING_WIN_BACK_PROMOTION_CODE
    if not code or not stripe_client.is_connected():
        return ""
    listed = stripe_client.call("promotion_codes.list", {"code": code, "active": True, "expand": ["data.promotion.coupon"]})
    found = next(iter(listed["data"]), None)
    remedy = "Create it in Stripe's dashboard, or change BILLING_WIN_BACK_PROMOTION_CODE."
    if found is None:
        raise ConflictError("unknown_code", f"Stripe has no active promotion code {code}. {remedy}")
    if found["restrictions"]["first_time_transaction"]:
        raise ConflictError("first_time_code", f"The promotion code {code} is for first purchases only. {remedy}")
    return f"The promotion code {code} takes {_discount(found['promotion']['coupon'])}: enter it in the checkout."


def _discount(coupon: dict[str, Any]) -> str:
    if coupon["percent_off"] is not None:
        off = f"{Decimal(str(coupon['percent_off'])).normalize():f} % off"
    else:
        currency = coupon["currency"].upper()
        off = f"{format_amount(from_minor_units(coupon['amount_off'], currency), currency)} off"
    lasts = {"once": "the first payment", "forever": "every payment"}
    months = coupon["duration_in_months"]
    return f"{off} {lasts.get(coupon['duration'], f'the payments of {months} months')}"
