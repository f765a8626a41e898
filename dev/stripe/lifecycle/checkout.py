"""Checkout: a session that a person completes on a page, or lets expire."""

from typing import Any

from dev.stripe.account import Account
from dev.stripe.billing_periods import DAY
from dev.stripe.cards import card_of, failure, payment_method
from dev.stripe.errors import ApiError, declined
from dev.stripe.events import emit
from dev.stripe.ids import new_id
from dev.stripe.lifecycle.payments import attach
from dev.stripe.lifecycle.subscription_creation import subscribe
from dev.stripe.store import Obj

SESSION_LIFETIME = DAY


def next_session_action_at(account: Account, session: Obj) -> int | None:
    """When an open session expires."""
    return int(session["expires_at"]) if session["status"] == "open" else None


def expire_session(account: Account, session: Obj) -> None:
    """Nobody completed it."""
    session.update(status="expired", url=None)
    emit(account, "checkout.session.expired", session)


def needs_card(session: Obj) -> bool:
    """Whether a card must be given."""
    trial = (session["_"]["subscription_data"].get("trial_period_days") or 0) or session["_"]["subscription_data"].get(
        "trial_end"
    )
    optional = session["payment_method_collection"] == "if_required"
    return session["mode"] == "setup" or not optional or (session["amount_total"] or 0) > 0 and not trial


def complete(account: Account, session: Obj, customer: Obj, card: str | None, *, authenticated: bool = False) -> Obj:
    """What Pay does: keep the card, begin the subscription, complete the session. A declined card leaves all as it was."""
    if session["status"] != "open":
        raise ApiError(f"This checkout session is {session['status']}.")
    account.store.add(customer)
    method = None
    if card:
        method = payment_method(account, card, account.now(customer))
        reason = card_of(method).attach
        if reason:
            raise declined(failure(reason), keeps_work=False)
        method["_"]["authenticated"] = authenticated
        if card_of(method).authenticates and not authenticated:
            raise declined(
                {"code": "authentication_required", "decline_code": None, "message": "Please authenticate."}, keeps_work=False
            )
        method["billing_details"].update(email=customer["email"], name=customer["name"])
        attach(account, method, customer)
    if session["mode"] == "setup":
        finish_setup(account, session, customer, method)
    else:
        begin_subscription(account, session, customer, method)
    finish(account, session, customer)
    return session


def finish(account: Account, session: Obj, customer: Obj) -> None:
    """The session is complete."""
    session.update(status="complete", customer=customer["id"], url=None)
    session["customer_details"] = customer_details(customer)
    account.store.add(session)
    emit(account, "checkout.session.completed", session)


def customer_details(customer: Obj) -> Obj:
    """Who completed it."""
    known = {name: customer[name] for name in ("email", "name", "phone", "address")}
    return {**known, "business_name": None, "individual_name": None, "tax_exempt": "none", "tax_ids": []}


def begin_subscription(account: Account, session: Obj, customer: Obj, method: Obj | None) -> None:
    """The session's subscription, with its first invoice paid."""
    data = session["_"]["subscription_data"]
    items = [{"price": line["price"]["id"], "quantity": line["quantity"]} for line in session["_"]["lines"]]
    given: dict[str, Any] = {**data, "items": items, "payment_behavior": "error_if_incomplete"}
    subscription = subscribe(account, customer, given, method=method)
    invoice = account.store.get(subscription["latest_invoice"])
    paid = "paid" if invoice["amount_paid"] or not subscription["trial_end"] else "no_payment_required"
    session.update(subscription=subscription["id"], invoice=invoice["id"], payment_status=paid)


def finish_setup(account: Account, session: Obj, customer: Obj, method: Obj | None) -> None:
    """The card is kept. Making it the default is the caller's."""
    setup = account.store.get(session["setup_intent"])
    setup.update(status="succeeded", payment_method=method["id"] if method else None, customer=customer["id"])
    account.store.add(setup)
    emit(account, "setup_intent.succeeded", setup)


def new_setup_intent(account: Account, customer: Obj | None, data: dict[str, Any]) -> Obj:
    """A setup intent that waits for a card."""
    name = new_id("seti")
    metadata = {key: words for key, words in (data.get("metadata") or {}).items() if words}
    setup = account.store.add(
        {
            "id": name,
            "object": "setup_intent",
            "application": None,
            "automatic_payment_methods": None,
            "cancellation_reason": None,
            "client_secret": f"{name}_secret_{new_id('x')[2:]}",
            "created": account.now(customer),
            "customer": customer["id"] if customer else None,
            "customer_account": None,
            "description": data.get("description"),
            "excluded_payment_method_types": None,
            "flow_directions": None,
            "last_setup_error": None,
            "latest_attempt": None,
            "livemode": False,
            "mandate": None,
            "metadata": metadata,
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": None,
            "payment_method_configuration_details": None,
            "payment_method_options": {
                "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
            },
            "payment_method_types": ["card"],
            "single_use_mandate": None,
            "status": "requires_payment_method",
            "usage": "off_session",
        }
    )
    emit(account, "setup_intent.created", setup)
    return setup
