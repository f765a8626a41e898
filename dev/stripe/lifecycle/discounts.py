"""Coupons and the discounts that they give to a customer or a subscription.

A subscription's own discounts take precedence over the customer's. The discount of a coupon that is valid once ends with the
first invoice that it lowers, and that of a repeating coupon after its months, counted from the redemption.
"""

from collections.abc import Sequence
from typing import Any

from dev.stripe.account import Account
from dev.stripe.billing_periods import add_intervals
from dev.stripe.errors import ApiError
from dev.stripe.events import emit
from dev.stripe.new_objects import new_object
from dev.stripe.store import Obj


def is_valid(coupon: Obj, now: int) -> bool:
    """Return True if a coupon can still be redeemed."""
    is_left = coupon["max_redemptions"] is None or coupon["times_redeemed"] < coupon["max_redemptions"]
    return is_left and (coupon["redeem_by"] is None or now < coupon["redeem_by"])


def coupon_of(account: Account, discount: Obj) -> Obj:
    return account.store.get(discount["source"]["coupon"])


def redeemed_coupon(account: Account, given: dict[str, Any], param: str, now: int, currency: str) -> tuple[Obj, Obj | None]:
    """Return the coupon and the promotion code of an entry of `discounts`. Raise ApiError if it can't be redeemed."""
    code = None
    if given.get("promotion_code"):
        code = account.find("promotion_code", given["promotion_code"], f"{param}[promotion_code]")
    name = code["promotion"]["coupon"] if code else given.get("coupon")
    coupon = account.find("coupon", name, f"{param}[coupon]")
    if not is_valid(coupon, now) or (code and not is_redeemable(code, now)):
        what = f"promotion code {code['code']}" if code else f"coupon {coupon['id']}"
        raise ApiError(f"This {what} has expired or was used up.", code="coupon_expired", param=param)
    if coupon["currency"] not in (None, currency):
        message = f"The coupon's currency {coupon['currency']} must be the subscription's, which is {currency}."
        raise ApiError(message, param=param)
    return coupon, code


def is_redeemable(code: Obj, now: int) -> bool:
    """Return True if a promotion code is active and neither expired nor used up."""
    is_left = code["max_redemptions"] is None or code["times_redeemed"] < code["max_redemptions"]
    return bool(code["active"]) and is_left and (code["expires_at"] is None or now < code["expires_at"])


def redeem(account: Account, owner: Obj, coupon: Obj, code: Obj | None = None, session: str | None = None) -> Obj:
    """Create the discount of a customer or a subscription."""
    now, months = account.now(owner), coupon["duration_in_months"]
    is_subscription = owner["object"] == "subscription"
    for redeemed in filter(None, (coupon, code)):
        redeemed["times_redeemed"] += 1
    discount = account.store.add(
        new_object(
            "discount",
            checkout_session=session,
            customer=owner["customer"] if is_subscription else owner["id"],
            end=add_intervals(now, "month", months) if coupon["duration"] == "repeating" else None,
            promotion_code=code["id"] if code else None,
            source={"coupon": coupon["id"], "type": "coupon"},
            start=now,
            subscription=owner["id"] if is_subscription else None,
        )
    )
    emit(account, "customer.discount.created", discount)
    return discount


def set_discounts(account: Account, subscription: Obj, given: list[dict[str, Any]], session: str | None = None) -> None:
    """Replace a subscription's discounts: an entry with `discount` keeps one, any other redeems a coupon or a code."""
    kept = {entry["discount"] for entry in given if entry.get("discount")}
    for name in [name for name in subscription["discounts"] if name not in kept]:
        end_discount(account, account.store.get(name), subscription)
    for number, entry in enumerate(given):
        if not entry.get("discount"):
            param, now = f"discounts[{number}]", account.now(subscription)
            coupon, code = redeemed_coupon(account, entry, param, now, subscription["currency"])
            subscription["discounts"].append(redeem(account, subscription, coupon, code, session)["id"])


def end_discount(account: Account, discount: Obj, subscription: Obj | None) -> None:
    """Remove a discount from its subscription or its customer."""
    if discount["subscription"] is None:
        account.store.get(discount["customer"])["discount"] = None
    elif subscription is not None:
        subscription["discounts"].remove(discount["id"])
    emit(account, "customer.discount.deleted", discount)


def active_discounts(account: Account, customer: Obj, subscription: Obj | None, at: int) -> list[Obj]:
    """Return the discounts that apply at an instant: the subscription's, else the customer's."""
    own = [account.store.get(name) for name in subscription["discounts"]] if subscription else []
    found = own or ([account.store.get(customer["discount"]["id"])] if customer["discount"] else [])
    return [discount for discount in found if discount["end"] is None or discount["end"] > at]


def end_used_discounts(account: Account, subscription: Obj | None, used: Sequence[Obj]) -> None:
    """End the discounts of coupons that were valid once and lowered an invoice."""
    for discount in used:
        if coupon_of(account, discount)["duration"] == "once":
            end_discount(account, discount, subscription)
