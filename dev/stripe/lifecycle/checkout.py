"""Checkout sessions, which a customer completes on a page or lets expire."""

from typing import Any

from dev.stripe.account import Account, new_metadata
from dev.stripe.billing_periods import DAY
from dev.stripe.errors import ApiError, declined
from dev.stripe.events import emit
from dev.stripe.ids import new_id
from dev.stripe.lifecycle.checkout_offers import NO_ENTRIES, Entries, apply_entries, terms_of, write_totals
from dev.stripe.lifecycle.payments import attach
from dev.stripe.lifecycle.subscription_creation import subscribe
from dev.stripe.new_objects import new_object
from dev.stripe.payment_methods import card_of, payment_method
from dev.stripe.store import Obj

SESSION_LIFETIME = DAY
UNAUTHENTICATED = {"code": "authentication_required", "decline_code": None, "message": "Please authenticate."}


def next_session_action_at(account: Account, session: Obj) -> int | None:
    return int(session["expires_at"]) if session["status"] == "open" else None


def expire_session(account: Account, session: Obj) -> None:
    session.update(status="expired", url=None)
    emit(account, "checkout.session.expired", session)


def needs_card(session: Obj) -> bool:
    data = session["_"]["subscription_data"]
    trial = data.get("trial_period_days") or data.get("trial_end")
    optional = session["payment_method_collection"] == "if_required"
    return session["mode"] == "setup" or not optional or (session["amount_total"] or 0) > 0 and not trial


def complete(
    account: Account,
    session: Obj,
    customer: Obj,
    card: str | None,
    *,
    authenticated: bool = False,
    entries: Entries = NO_ENTRIES,
) -> None:
    """Save the card, create the subscription and complete the session. Raise ApiError for a declined card, without changes."""
    if session["status"] != "open":
        raise ApiError(f"This checkout session is {session['status']}.")
    account.store.add(customer)
    apply_entries(account, session, customer, entries)
    method = None
    if card:
        method = payment_method(account, card, account.now(customer))
        test_card = card_of(method)
        if test_card and test_card.needs_authentication(on_session=True, is_set_up=False) and not authenticated:
            raise declined(UNAUTHENTICATED, keeps_work=False)
        method["_"]["is_set_up"] = authenticated
        method["billing_details"].update(email=customer["email"], name=customer["name"])
        attach(account, method, customer)
    if session["mode"] == "setup":
        finish_setup(account, session, customer, method)
    else:
        begin_subscription(account, session, customer, method, authenticated=authenticated)
    session.update(status="complete", customer=customer["id"], url=None)
    session["customer_details"] = {
        **{name: customer[name] for name in ("email", "name", "phone", "address", "tax_exempt")},
        "business_name": None,
        "individual_name": None,
        "tax_ids": [
            {"type": one["type"], "value": one["value"]} for one in account.store.where("tax_id", customer=customer["id"])
        ],
    }
    account.store.add(session)
    emit(account, "checkout.session.completed", session)


def begin_subscription(account: Account, session: Obj, customer: Obj, method: Obj | None, *, authenticated: bool) -> None:
    """Create the subscription of a session. Raise ApiError if its first invoice cannot be paid."""
    data = session["_"]["subscription_data"]
    items = [{"price": line["price"]["id"], "quantity": line["quantity"]} for line in session["_"]["lines"]]
    given: dict[str, Any] = {**data, **terms_of(session), "items": items, "payment_behavior": "error_if_incomplete"}
    subscription = subscribe(account, customer, given, method=method, authenticated=authenticated)
    invoice = account.store.get(subscription["latest_invoice"])
    write_totals(session, invoice)
    is_paid = invoice["status"] == "paid"  # a bank debit is paid days later
    is_free = not invoice["amount_paid"] and subscription["trial_end"]
    paid = "unpaid" if not is_paid else "no_payment_required" if is_free else "paid"
    session.update(subscription=subscription["id"], invoice=invoice["id"], payment_status=paid)


def finish_setup(account: Account, session: Obj, customer: Obj, method: Obj | None) -> None:
    """Complete the setup intent of a session. The card does not become the default."""
    setup = account.store.get(session["setup_intent"])
    setup.update(status="succeeded", payment_method=method["id"] if method else None, customer=customer["id"])
    account.store.add(setup)
    emit(account, "setup_intent.succeeded", setup)


def new_setup_intent(account: Account, customer: Obj | None, data: dict[str, Any]) -> Obj:
    name = new_id("seti")
    setup = account.store.add(
        new_object(
            "setup_intent",
            id=name,
            client_secret=f"{name}_secret_{new_id('x')[2:]}",
            created=account.now(customer),
            customer=customer["id"] if customer else None,
            description=data.get("description"),
            metadata=new_metadata(data),
        )
    )
    emit(account, "setup_intent.created", setup)
    return setup
