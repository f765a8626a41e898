"""Checkout sessions and sessions of the billing portal, whose pages a customer completes."""

from typing import Any

from dev.stripe.account import Account, set_metadata
from dev.stripe.errors import ApiError, missing_parameter
from dev.stripe.ids import new_id
from dev.stripe.lifecycle.checkout import SESSION_LIFETIME, expire_session, new_setup_intent
from dev.stripe.lifecycle.checkout_offers import write_offer
from dev.stripe.lifecycle.subscription_creation import subscription_price
from dev.stripe.new_objects import new_object
from dev.stripe.parameters import Table, boolean, each, email, fields, integer, metadata, natural, one_of, span, text, url
from dev.stripe.resources.standard import list_route, retrieve_route, update_route
from dev.stripe.resources.subscriptions import AUTOMATIC_TAX, TRIAL_SETTINGS
from dev.stripe.routes import route
from dev.stripe.store import Obj

SUBSCRIPTION_DATA: Table = {
    "trial_period_days": natural,
    "trial_end": integer,
    "metadata": metadata,
    "description": text,
    "trial_settings": TRIAL_SETTINGS,
}
CREATE: Table = {
    "mode!": one_of("subscription", "setup"),
    "line_items": each(fields({"price!": text, "quantity": natural})),
    "customer": text,
    "customer_email": email,
    "customer_creation": one_of("always", "if_required"),
    "client_reference_id": text,
    "metadata": metadata,
    "subscription_data": fields(SUBSCRIPTION_DATA),
    "setup_intent_data": fields({"metadata": metadata, "description": text}),
    "success_url": url,
    "cancel_url": url,
    "expires_at": integer,
    "payment_method_collection": one_of("always", "if_required"),
    "payment_method_types": each(one_of("card")),
    "allow_promotion_codes": boolean,
    "automatic_tax": AUTOMATIC_TAX,
    "billing_address_collection": one_of("auto", "required"),
    "currency": text,
    "customer_update": fields(dict.fromkeys(("address", "name"), one_of("auto", "never"))),
    "discounts": each(fields({"coupon": text, "promotion_code": text})),
    "locale": text,
    "tax_id_collection": fields({"enabled!": boolean, "required": one_of("if_supported", "never")}),
    "ui_mode": one_of("hosted_page"),
}
FILTERS: Table = {
    "customer": text,
    "subscription": text,
    "payment_intent": text,
    "status": one_of("complete", "expired", "open"),
    "created": span,
}

retrieve_route("/v1/checkout/sessions", "checkout.session")
list_route("/v1/checkout/sessions", "checkout.session", FILTERS)
update_route("/v1/checkout/sessions", "checkout.session", sends_event=False)


@route("POST /v1/checkout/sessions", CREATE)
def create(account: Account, given: dict[str, Any]) -> Obj:
    """Create a page that sells a subscription or sets up a card. It expires after 24 hours or at `expires_at`."""
    customer = account.find("customer", given["customer"], "customer") if given.get("customer") else None
    if customer and given.get("customer_email"):
        raise ApiError("You may only specify one of these parameters: customer, customer_email.", param="customer_email")
    if not given.get("success_url"):
        raise ApiError("You must provide a success_url.", code="parameter_missing", param="success_url")
    session = new_session(account, customer, given, line_items(account, given))
    write_offer(account, session, customer, given)
    if given["mode"] == "setup":
        session["setup_intent"] = new_setup_intent(account, customer, given.get("setup_intent_data") or {})["id"]
    set_metadata(session, given)
    return account.store.add(session)


def line_items(account: Account, given: dict[str, Any]) -> list[Obj]:
    if given["mode"] == "setup":
        if given.get("line_items"):
            raise ApiError("You can not pass `line_items` in `setup` mode.", param="line_items")
        return []
    if not given.get("line_items"):
        raise missing_parameter("line_items")
    lines = []
    for number, entry in enumerate(given["line_items"]):
        price = subscription_price(account, entry["price"], f"line_items[{number}][price]")
        lines.append(new_line_item(account, price, entry.get("quantity") or 1))
    return lines


def new_line_item(account: Account, price: Obj, quantity: int) -> Obj:
    amount = price["unit_amount"] * quantity
    product = account.store.find(price["product"])
    return new_object(
        "item",
        amount_subtotal=amount,
        amount_total=amount,
        currency=price["currency"],
        description=product["name"] if product else None,
        price=price,
        quantity=quantity,
    )


def new_session(account: Account, customer: Obj | None, given: dict[str, Any], lines: list[Obj]) -> Obj:
    name, now = new_id("cs_test"), account.now(customer)
    data = given.get("subscription_data") or {}
    sells = given["mode"] == "subscription"
    total = sum(line["amount_total"] for line in lines)
    due = 0 if data.get("trial_period_days") or data.get("trial_end") else total
    names = ("allow_promotion_codes", "billing_address_collection", "cancel_url", "client_reference_id", "customer_email")
    return new_object(
        "checkout.session",
        id=name,
        **{name: given.get(name) for name in (*names, "locale", "mode", "success_url")},
        amount_subtotal=due if sells else None,
        amount_total=due if sells else None,
        created=now,
        currency=lines[0]["currency"] if lines else given.get("currency"),
        customer=customer["id"] if customer else None,
        customer_creation=None if customer else "always" if sells else given.get("customer_creation") or "if_required",
        expires_at=expiry(given, now),
        payment_method_collection=(given.get("payment_method_collection") or "always") if sells else None,
        payment_status="unpaid" if sells else "no_payment_required",
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0} if sells else None,
        url=f"{account.url}/c/pay/{name}",
        _={"lines": lines, "subscription_data": data},
    )


def expiry(given: dict[str, Any], now: int) -> int:
    """Return the time of expiry. Raise ApiError if it is not 30 minutes to 24 hours ahead."""
    at = int(given.get("expires_at") or now + SESSION_LIFETIME)
    if not now + 30 * 60 <= at <= now + SESSION_LIFETIME:
        raise ApiError(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    return at


@route("POST /v1/checkout/sessions/{id}/expire")
def expired(account: Account, given: dict[str, Any], name: str) -> Obj:
    session = account.find("checkout.session", name)
    if session["status"] != "open":
        raise ApiError(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of `{session['status']}`."
        )
    expire_session(account, session)
    return session


FLOWS = one_of("payment_method_update", "subscription_cancel", "subscription_update")
PORTAL: Table = {
    "customer!": text,
    "return_url": url,
    "configuration": text,
    "locale": text,
    "flow_data": fields(
        {
            "type!": FLOWS,
            "after_completion": fields(
                {
                    "type!": one_of("portal_homepage", "redirect", "hosted_confirmation"),
                    "redirect": fields({"return_url!": url}),
                }
            ),
            "subscription_cancel": fields({"subscription!": text}),
            "subscription_update": fields({"subscription!": text}),
        }
    ),
}


@route("POST /v1/billing_portal/sessions", PORTAL)
def create_portal(account: Account, given: dict[str, Any]) -> Obj:
    """Create a page on which a customer changes the card, cancels, resumes and views invoices. It cannot be retrieved."""
    customer = account.find("customer", given["customer"], "customer")
    name = new_id("bps")
    return account.store.add(
        new_object(
            "billing_portal.session",
            id=name,
            configuration=given.get("configuration") or "bpc_emulator",
            created=account.now(customer),
            customer=customer["id"],
            flow=flow_of(given.get("flow_data")),
            locale=given.get("locale"),
            return_url=given.get("return_url"),
            url=f"{account.url}/p/session/{name}",
        )
    )


def flow_of(data: dict[str, Any] | None) -> Obj | None:
    if data is None:
        return None
    completion = data.get("after_completion") or {"type": "portal_homepage"}
    cancel, change = data.get("subscription_cancel"), data.get("subscription_update")
    return {
        "after_completion": {"hosted_confirmation": None, "redirect": completion.get("redirect"), "type": completion["type"]},
        "subscription_cancel": {"retention": None, **cancel} if cancel else None,
        "subscription_update": change,
        "subscription_update_confirm": None,
        "type": data["type"],
    }
