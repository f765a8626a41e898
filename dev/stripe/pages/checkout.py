"""The hosted page of a checkout session."""

from dev.stripe.application import ApiResponse, Application
from dev.stripe.billing_periods import DAY
from dev.stripe.cards import CARDS
from dev.stripe.errors import ApiError
from dev.stripe.lifecycle.checkout import complete, needs_card
from dev.stripe.lifecycle.checkout_offers import Entries
from dev.stripe.lifecycle.invoice_lines import day, money
from dev.stripe.pages.card_form import CHOICES, choice
from dev.stripe.pages.html import Html, bank_page, button, form, hidden, joined, page, problem, redirect, tag
from dev.stripe.resources.customers import session_customer
from dev.stripe.store import Obj


def show(application: Application, name: str, error: str | None = None) -> ApiResponse:
    session = application.account.find("checkout.session", name)
    if session["status"] != "open":
        return page(
            "Checkout",
            tag("h1", "This page is no longer available"),
            tag("p", f"The session is {session['status']}."),
            status=410,
        )
    title = "Save a card" if session["mode"] == "setup" else "Subscribe"
    action = f"/c/pay/{name}"
    pay = form(
        action,
        email_field(session),
        choice(optional=not needs_card(session)),
        *entry_fields(session),
        button(call_to_action(session)),
        *([tag("a", "Back", href=session["cancel_url"])] if session["cancel_url"] else []),
    )
    return page(title, tag("h1", title), offer(application, session), problem(error), pay)


def offer(application: Application, session: Obj) -> Html:
    if session["mode"] == "setup":
        return tag("p", "Your card is saved for future invoices. Nothing is charged now.", class_="muted")
    parts: list[Html] = []
    for line in session["_"]["lines"]:
        recurring = line["price"]["recurring"]
        parts.append(tag("p", line["description"] or "", class_="muted"))
        every = (
            recurring["interval"]
            if recurring["interval_count"] == 1
            else f"{recurring['interval_count']} {recurring['interval']}s"
        )
        parts.append(tag("p", f"{money(line['amount_total'], line['currency'])} / {every}", class_="amount"))
    data, now = session["_"]["subscription_data"], application.account.now(session)
    end = data.get("trial_end") or (now + data["trial_period_days"] * DAY if data.get("trial_period_days") else None)
    if end:
        parts.append(tag("p", f"Free until {day(end)}, then charged. Nothing is due today."))
    return joined(*parts)


def email_field(session: Obj) -> Html:
    """Return the field for an email address, empty if the customer is known."""
    if session["customer"]:
        return Html()
    return tag("label", "Email", tag("input", type="email", name="email", required=True, value=session["customer_email"] or ""))


def entry_fields(session: Obj) -> list[Html]:
    """Return the fields for a promotion code, the country and the VAT ID that the session asks for."""
    asked = {
        "promotion_code": ("Promotion code", session["allow_promotion_codes"]),
        "country": ("Country code", session["automatic_tax"]["enabled"]),
        "state": ("State", session["automatic_tax"]["enabled"]),
        "tax_id": ("VAT ID", session["tax_id_collection"]["enabled"]),
    }
    return [tag("label", label, tag("input", name=name)) for name, (label, is_asked) in asked.items() if is_asked]


def call_to_action(session: Obj) -> str:
    if session["mode"] == "setup":
        return "Save card"
    return f"Pay {money(session['amount_total'], session['currency'])}" if session["amount_total"] else "Start trial"


def submit(application: Application, name: str, given: dict[str, str]) -> ApiResponse:
    card = given.get("card", "visa") or None
    if card is not None and card not in CHOICES:
        return show(application, name, "Please choose a card.")
    if card in CARDS and CARDS[card].authentication and "authenticated" not in given:
        kept = ("card", "email", *Entries.__dataclass_fields__)
        return bank_page(f"/c/pay/{name}", *(hidden(key, value) for key, value in given.items() if key in kept))
    if given.get("authenticated") == "no":
        return show(application, name, "We are unable to authenticate your payment method. Please choose another one.")
    try:
        with application.store.transaction():
            url = pay(application, name, card, given)
    except ApiError as error:
        return show(application, name, error.message)
    return redirect(url)


def pay(application: Application, name: str, card: str | None, given: dict[str, str]) -> str:
    """Complete the session. Return the URL to which the customer goes next."""
    account = application.account
    session = account.find("checkout.session", name)
    if card is None and needs_card(session):
        raise ApiError("Please choose a card.")
    customer = session_customer(account, session, given.get("email") or session["customer_email"])
    entries = Entries(**{key: given[key] for key in Entries.__dataclass_fields__ if given.get(key)})
    complete(account, session, customer, card, authenticated=given.get("authenticated") == "yes", entries=entries)
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", name)
