"""Coupons, promotion codes, and the end of a discount."""

import re
from typing import Any

from dev.stripe.account import Account, set_metadata
from dev.stripe.errors import ApiError, no_such
from dev.stripe.events import emit
from dev.stripe.ids import new_id
from dev.stripe.lifecycle.discounts import end_discount, is_valid
from dev.stripe.new_objects import new_object
from dev.stripe.parameters import Table, boolean, fields, integer, metadata, natural, one_of, span, text
from dev.stripe.resources.standard import list_route, retrieve_route, update_route
from dev.stripe.routes import route
from dev.stripe.store import Obj


def percentage(value: Any, name: str) -> float | None:
    """Read a percentage above 0 and at most 100."""
    words = text(value, name)
    if words is None:
        return None
    if not re.fullmatch(r"\d{1,3}(\.\d{1,4})?", words) or not 0 < float(words) <= 100:
        raise ApiError("Invalid decimal: must be greater than 0 and at most 100", param=name)
    return float(words)


COUPON: Table = {
    "id": text,
    "name": text,
    "amount_off": natural,
    "currency": text,
    "percent_off": percentage,
    "duration": one_of("forever", "once", "repeating"),
    "duration_in_months": natural,
    "max_redemptions": natural,
    "redeem_by": integer,
    "metadata": metadata,
}
CODE: Table = {
    "promotion!": fields({"type!": one_of("coupon"), "coupon!": text}),
    "code": text,
    "active": boolean,
    "customer": text,
    "expires_at": integer,
    "max_redemptions": natural,
    "metadata": metadata,
    "restrictions": fields({"first_time_transaction": boolean, "minimum_amount": natural, "minimum_amount_currency": text}),
}

retrieve_route("/v1/coupons", "coupon")
list_route("/v1/coupons", "coupon", {"created": span})
update_route("/v1/coupons", "coupon", {"name": text})
retrieve_route("/v1/promotion_codes", "promotion_code")
list_route("/v1/promotion_codes", "promotion_code", {"active": boolean, "code": text, "customer": text, "created": span})
update_route("/v1/promotion_codes", "promotion_code", {"active": boolean})


@route("POST /v1/coupons", COUPON)
def create_coupon(account: Account, given: dict[str, Any]) -> Obj:
    """Create a coupon over a percentage or an amount, valid once, for some months or forever."""
    if (given.get("percent_off") is None) == (not given.get("amount_off")):
        raise ApiError("You must pass either `percent_off` or `amount_off`.", param="percent_off")
    if given.get("amount_off") and not given.get("currency"):
        raise ApiError("You must pass `currency` when passing `amount_off`.", param="currency")
    duration = given.get("duration") or "once"
    if (duration == "repeating") != bool(given.get("duration_in_months")):
        raise ApiError("`duration_in_months` is for the duration `repeating`, which requires it.", param="duration_in_months")
    name = given.pop("id", None) or new_id("coupon")[7:15]
    if account.store.find(name):
        raise ApiError(f"Coupon already exists: {name}", code="resource_already_exists", param="id")
    plain = {key: value for key, value in given.items() if key != "metadata"}
    coupon = new_object("coupon", id=name, created=account.now(), **{**plain, "duration": duration})
    coupon["currency"] = coupon["currency"].lower() if coupon["amount_off"] else None
    set_metadata(coupon, given)
    emit(account, "coupon.created", coupon)
    return account.store.add(coupon)


@route("DELETE /v1/coupons/{id}")
def delete_coupon(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Delete a coupon, which can't be redeemed any more. Its discounts stay."""
    coupon = account.find("coupon", name)
    emit(account, "coupon.deleted", coupon)
    coupon["deleted"] = True
    return coupon


@route("POST /v1/promotion_codes", CODE)
def create_code(account: Account, given: dict[str, Any]) -> Obj:
    """Create a code that customers enter at the checkout. Codes are unique among the active ones, whatever their case."""
    coupon = account.find("coupon", given["promotion"]["coupon"], "promotion[coupon]")
    if not is_valid(coupon, account.now()):
        raise ApiError("The coupon is no longer valid.", param="promotion[coupon]")
    code = given.get("code") or new_id("x")[2:10].upper()
    if find_code(account, code):
        raise ApiError("An active promotion code with `code: " + code + "` already exists.", param="code")
    restrictions = {"first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None}
    plain = {key: given[key] for key in ("active", "customer", "expires_at", "max_redemptions") if key in given}
    made = new_object(
        "promotion_code",
        **plain,
        code=code,
        created=account.now(),
        promotion=given["promotion"],
        restrictions={**restrictions, **(given.get("restrictions") or {})},
    )
    set_metadata(made, given)
    emit(account, "promotion_code.created", made)
    return account.store.add(made)


def find_code(account: Account, code: str) -> Obj | None:
    """Return the active promotion code with these characters, None if there is none."""
    found = account.store.where("promotion_code", active=True)
    return next((one for one in found if one["code"].lower() == code.lower()), None)


@route("DELETE /v1/customers/{id}/discount")
def delete_customer_discount(account: Account, given: dict[str, Any], name: str) -> Obj:
    customer = account.find("customer", name)
    if customer["discount"] is None:
        raise no_such("discount", name)
    discount = account.store.get(customer["discount"]["id"])
    end_discount(account, discount, None)
    return {**discount, "deleted": True}


@route("DELETE /v1/subscriptions/{id}/discount")
def delete_subscription_discount(account: Account, given: dict[str, Any], name: str) -> Obj:
    subscription = account.find("subscription", name)
    if not subscription["discounts"]:
        raise no_such("discount", name)
    discount = account.store.get(subscription["discounts"][0])
    end_discount(account, discount, subscription)
    return {**discount, "deleted": True}
