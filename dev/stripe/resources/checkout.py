"""Checkout sessions and sessions of the billing portal: addresses at which a person does the rest."""

from copy import deepcopy
from typing import Any

from dev.stripe.account import Account, set_metadata
from dev.stripe.errors import ApiError, wrong_state
from dev.stripe.ids import new_id
from dev.stripe.lifecycle import defaults
from dev.stripe.lifecycle.checkout import SESSION_LIFETIME, expire_session, new_setup_intent
from dev.stripe.lifecycle.subscription_creation import subscription_price
from dev.stripe.pagination import PAGING, newest_first, page
from dev.stripe.parameters import Table, boolean, each, email, fields, integer, metadata, natural, one_of, span, text, url
from dev.stripe.routes import route
from dev.stripe.store import Obj

MAX_METADATA_KEYS: Table = {
    "trial_period_days": natural,
    "trial_end": integer,
    "metadata": metadata,
    "description": text,
    "trial_settings": fields(
        {"end_behavior!": fields({"missing_payment_method!": one_of("cancel", "create_invoice", "pause")})}
    ),
}
CREATE: Table = {
    "mode!": one_of("subscription", "setup"),
    "line_items": each(fields({"price!": text, "quantity": natural})),
    "customer": text,
    "customer_email": email,
    "customer_creation": one_of("always", "if_required"),
    "client_reference_id": text,
    "metadata": metadata,
    "subscription_data": fields(MAX_METADATA_KEYS),
    "setup_intent_data": fields({"metadata": metadata, "description": text}),
    "success_url": url,
    "cancel_url": url,
    "expires_at": integer,
    "payment_method_collection": one_of("always", "if_required"),
    "payment_method_types": each(one_of("card")),
    "allow_promotion_codes": boolean,
    "billing_address_collection": one_of("auto", "required"),
    "currency": text,
    "locale": text,
    "ui_mode": one_of("hosted_page"),
}
NULLS = (
    "adaptive_pricing",
    "after_expiration",
    "collected_information",
    "consent",
    "consent_collection",
    "currency_conversion",
    "customer_account",
    "customer_details",
    "invoice",
    "invoice_creation",
    "payment_intent",
    "payment_link",
    "payment_method_configuration_details",
    "permissions",
    "recovered_from",
    "setup_intent",
    "shipping_address_collection",
    "shipping_cost",
    "submit_type",
    "subscription",
    "wallet_options",
)


@route("POST /v1/checkout/sessions", CREATE)
def create(account: Account, given: dict[str, Any]) -> Obj:
    """A page that sells a subscription or sets a card up. It expires after 24 hours or at `expires_at`."""
    customer = account.find("customer", given["customer"], "customer") if given.get("customer") else None
    if customer and given.get("customer_email"):
        raise ApiError("You may only specify one of these parameters: customer, customer_email.", param="customer_email")
    if not given.get("success_url"):
        raise ApiError("You must provide a success_url.", code="parameter_missing", param="success_url")
    lines = line_items(account, given)
    session = blank(account, customer, given, lines)
    if given["mode"] == "setup":
        session["setup_intent"] = new_setup_intent(account, customer, given.get("setup_intent_data") or {})["id"]
    set_metadata(session, given.get("metadata"))
    return account.store.add(session)


def line_items(account: Account, given: dict[str, Any]) -> list[Obj]:
    """What the session sells."""
    if given["mode"] == "setup":
        if given.get("line_items"):
            raise ApiError("You can not pass `line_items` in `setup` mode.", param="line_items")
        return []
    if not given.get("line_items"):
        raise ApiError("Missing required param: line_items.", code="parameter_missing", param="line_items")
    lines = []
    for number, entry in enumerate(given["line_items"]):
        price = subscription_price(account, entry["price"], f"line_items[{number}][price]")
        lines.append(new_line_item(account, price, entry.get("quantity") or 1))
    return lines


def new_line_item(account: Account, price: Obj, quantity: int) -> Obj:
    """A line of the session."""
    amount = price["unit_amount"] * quantity
    product = account.store.find(price["product"])
    return {
        "id": new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": product["name"] if product else None,
        "metadata": {},
        "price": price,
        "quantity": quantity,
    }


def blank(account: Account, customer: Obj | None, given: dict[str, Any], lines: list[Obj]) -> Obj:
    """An open session."""
    name, now = new_id("cs_test"), account.now(customer)
    data = given.get("subscription_data") or {}
    sells = given["mode"] == "subscription"
    total = sum(line["amount_total"] for line in lines)
    due = 0 if data.get("trial_period_days") or data.get("trial_end") else total
    return {
        "id": name,
        "object": "checkout.session",
        **deepcopy(defaults.CHECKOUT_SESSION),
        **dict.fromkeys(NULLS),
        "allow_promotion_codes": given.get("allow_promotion_codes"),
        "amount_subtotal": due if sells else None,
        "amount_total": due if sells else None,
        "billing_address_collection": given.get("billing_address_collection"),
        "cancel_url": given.get("cancel_url"),
        "client_reference_id": given.get("client_reference_id"),
        "created": now,
        "currency": lines[0]["currency"] if lines else given.get("currency"),
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "customer": customer["id"] if customer else None,
        "customer_creation": None if customer else "always" if sells else given.get("customer_creation") or "if_required",
        "customer_email": given.get("customer_email"),
        "expires_at": expiry(given, now),
        "locale": given.get("locale"),
        "mode": given["mode"],
        "payment_method_collection": (given.get("payment_method_collection") or "always") if sells else None,
        "payment_status": "unpaid" if sells else "no_payment_required",
        "success_url": given.get("success_url"),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0} if sells else None,
        "url": f"{account.url}/c/pay/{name}",
        "_": {"lines": lines, "subscription_data": data},
    }


def expiry(given: dict[str, Any], now: int) -> int:
    """From half an hour to 24 hours ahead."""
    at = int(given.get("expires_at") or now + SESSION_LIFETIME)
    if not now + 30 * 60 <= at <= now + SESSION_LIFETIME:
        raise ApiError(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    return at


@route("GET /v1/checkout/sessions/{id}")
def retrieve(account: Account, given: dict[str, Any], name: str) -> Obj:
    """A session; `line_items` is there when it is expanded."""
    return account.find("checkout.session", name)


FILTERS: Table = {
    **PAGING,
    "customer": text,
    "subscription": text,
    "payment_intent": text,
    "status": one_of("complete", "expired", "open"),
    "created": span,
}


@route("GET /v1/checkout/sessions", FILTERS)
def listed(account: Account, given: dict[str, Any]) -> Obj:
    """Sessions of a customer, a subscription, a status."""
    found = newest_first(account, "checkout.session", given, "customer", "subscription", "payment_intent", "status")
    return page(account, "/v1/checkout/sessions", found, given)


@route("GET /v1/checkout/sessions/{id}/line_items", PAGING)
def list_line_items(account: Account, given: dict[str, Any], name: str) -> Obj:
    """What a session sells."""
    session = account.find("checkout.session", name)
    return page(account, f"/v1/checkout/sessions/{name}/line_items", session["_"]["lines"], given)


@route("POST /v1/checkout/sessions/{id}", {"metadata": metadata})
def update(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Metadata."""
    session = account.find("checkout.session", name)
    set_metadata(session, given.get("metadata"))
    return session


@route("POST /v1/checkout/sessions/{id}/expire")
def expired(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Let nobody complete it any more."""
    session = account.find("checkout.session", name)
    if session["status"] != "open":
        raise wrong_state(
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
    """A page on which a customer changes the card, cancels, resumes, sees invoices. It has no address to retrieve it."""
    customer = account.find("customer", given["customer"], "customer")
    name = new_id("bps")
    return account.store.add(
        {
            "id": name,
            "object": "billing_portal.session",
            "configuration": given.get("configuration") or "bpc_standIn",
            "created": account.now(customer),
            "customer": customer["id"],
            "customer_account": None,
            "flow": flow_of(given.get("flow_data")),
            "livemode": False,
            "locale": given.get("locale"),
            "on_behalf_of": None,
            "return_url": given.get("return_url"),
            "url": f"{account.url}/p/session/{name}",
        }
    )


def flow_of(data: dict[str, Any] | None) -> Obj | None:
    """What the page opens with."""
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
