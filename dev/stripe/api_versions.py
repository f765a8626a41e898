"""Serialization of objects in the format of an API version: the current version, or those before 2025-03-31.basil.

That version moved the billing period from the subscription to its items, and the payment of an invoice from fields of the
invoice to `payments`. Source: Stripe's changelog of 2025-03-31.basil.
"""

from typing import Any

from dev.stripe.account import Account
from dev.stripe.store import Obj

FIRST_BASIL_VERSION = "2025-03-31"
PLAN_FIELDS = ("active", "billing_scheme", "created", "currency", "livemode", "metadata", "nickname", "product", "tiers_mode")


def is_pre_basil(version: str | None) -> bool:
    """Return True for a version before basil. A version begins with its date."""
    return bool(version) and str(version)[:10] < FIRST_BASIL_VERSION


def serialize(account: Account, obj: Any, version: str | None) -> Any:
    """Return a copy of an object without hidden fields, in the format of a version."""
    plain = visible(obj)
    return to_pre_basil(account, plain) if is_pre_basil(version) else plain


def visible(value: Any) -> Any:
    """Return a copy without hidden fields. A deleted object has only its id and `deleted`."""
    if isinstance(value, list):
        return [visible(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if value.get("deleted") and "object" in value:
        return {"id": value["id"], "object": value["object"], "deleted": True}
    plain = {key: visible(entry) for key, entry in value.items() if key != "_"}
    if plain.get("object") == "subscription_item":
        plain["plan"] = plan_of(plain["price"])
    for path, strange in value.get("_", {}).get("altered", {}).items():
        set_field(plain, path.split("."), strange)
    return plain


def set_field(here: Any, steps: list[str], value: Any) -> None:
    """Set a nested field, such as `items.data.0.price`."""
    step: Any = int(steps[0]) if isinstance(here, list) else steps[0]
    if len(steps) > 1:
        set_field(here[step], steps[1:], value)
    else:
        here[step] = value


def plan_of(price: Obj) -> Obj:
    """Return the legacy plan of a recurring price."""
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        **{key: price[key] for key in PLAN_FIELDS},
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "meter": None,
        "transform_usage": None,
        "trial_period_days": recurring["trial_period_days"],
        "usage_type": recurring["usage_type"],
    }


def to_pre_basil(account: Account, obj: Any) -> Any:
    """Return an object and everything in it in the format before basil."""
    if isinstance(obj, list):
        return [to_pre_basil(account, entry) for entry in obj]
    if not isinstance(obj, dict):
        return obj
    changed = {key: to_pre_basil(account, entry) for key, entry in obj.items()}
    change = PRE_BASIL_CONVERTERS.get(str(obj.get("object")))
    return change(account, changed) if change else changed


def to_pre_basil_subscription(account: Account, obj: Obj) -> Obj:
    """Move the period from the items to the subscription."""
    items = obj["items"]["data"]
    for name in ("current_period_start", "current_period_end"):
        obj[name] = min((item.pop(name) for item in items if name in item), default=obj.get(name))
    if len(items) == 1:
        obj["plan"], obj["quantity"] = items[0]["plan"], items[0]["quantity"]
    return {key: value for key, value in obj.items() if key not in ("billing_mode", "billing_schedules", "status_details")}


def to_pre_basil_invoice(account: Account, obj: Obj) -> Obj:
    """Move the subscription and the payment to fields of the invoice."""
    details = (obj.pop("parent") or {}).get("subscription_details") or {}
    obj.pop("payments", None)
    intent = account.intent_of(obj)
    obj["subscription"] = details.get("subscription")
    obj["subscription_details"] = {"metadata": details.get("metadata")}
    obj["payment_intent"] = intent["id"] if intent else None
    obj["charge"] = intent["latest_charge"] if intent else None
    obj["paid"] = obj["status"] == "paid"
    obj["paid_out_of_band"] = False
    obj["tax"] = None
    obj["total_tax_amounts"] = obj.pop("total_taxes")
    return {key: value for key, value in obj.items() if key != "status_details"}


def to_pre_basil_line(account: Account, obj: Obj) -> Obj:
    """Move a line's price and proration to fields of the line."""
    parent = obj.pop("parent") or {}
    item_details, invoice_item_details = parent.get("subscription_item_details") or {}, parent.get("invoice_item_details") or {}
    pricing = obj.pop("pricing") or {}
    price = account.store.find(pricing["price_details"]["price"]) if pricing else None
    obj["price"] = visible(price)
    obj["plan"] = plan_of(obj["price"]) if price and price["recurring"] else None
    obj["proration"] = bool(item_details.get("proration") or invoice_item_details.get("proration"))
    obj["proration_details"] = invoice_item_details.get("proration_details") or item_details.get("proration_details")
    obj["subscription_item"] = item_details.get("subscription_item")
    obj["invoice_item"] = invoice_item_details.get("invoice_item")
    obj["type"] = "subscription" if item_details else "invoiceitem"
    obj["tax_amounts"], obj["tax_rates"] = obj.pop("taxes"), []
    return {key: value for key, value in obj.items() if key != "subtotal"}


def to_pre_basil_payment(account: Account, obj: Obj) -> Obj:
    """Add the invoice to a payment intent or a charge."""
    intent = obj["id"] if obj["object"] == "payment_intent" else obj["payment_intent"]
    stored = account.store.find(intent)
    obj["invoice"] = stored["_"].get("invoice") if stored else None
    return obj


PRE_BASIL_CONVERTERS = {
    "subscription": to_pre_basil_subscription,
    "invoice": to_pre_basil_invoice,
    "line_item": to_pre_basil_line,
    "payment_intent": to_pre_basil_payment,
    "charge": to_pre_basil_payment,
}
