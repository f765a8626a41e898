"""The billing portal: the card, the subscriptions and the invoices of a customer."""

from dev.stripe.account import Account
from dev.stripe.application import ApiResponse, Application
from dev.stripe.errors import ApiError
from dev.stripe.events import updating
from dev.stripe.lifecycle.invoice_lines import day, money, name_of, priced
from dev.stripe.lifecycle.payments import attach
from dev.stripe.lifecycle.renewal import end_of_period
from dev.stripe.pages.card_form import CHOICES, choice, described
from dev.stripe.pages.html import Html, button, form, hidden, joined, page, problem, redirect, tag
from dev.stripe.payment_methods import payment_method
from dev.stripe.resources.subscriptions import CANCELLATION, update
from dev.stripe.store import Obj

STATUSES = {
    "active": "Active",
    "trialing": "On trial",
    "past_due": "Past due, please pay the open invoice below",
    "unpaid": "Unpaid, please pay the open invoice below",
    "incomplete": "Not paid yet",
    "paused": "Paused",
}

FEEDBACK_TEXTS = {
    "": "No answer",
    "too_expensive": "It's too expensive",
    "missing_features": "I need more features",
    "switched_service": "I found an alternative",
    "unused": "I no longer need it",
    "customer_service": "Customer service was less than expected",
    "too_complex": "Ease of use was less than expected",
    "low_quality": "Quality was less than expected",
    "other": "Other reason",
}


def running_subscriptions(account: Account, customer: Obj) -> list[Obj]:
    """Return the subscriptions of a customer that have not ended."""
    return [one for one in account.store.where("subscription", customer=customer["id"]) if one["status"] in STATUSES]


def show(application: Application, name: str, error: str | None = None) -> ApiResponse:
    account = application.account
    session = account.find("billing_portal.session", name)
    customer = account.find("customer", session["customer"])
    action = f"/p/session/{name}"
    back = [tag("p", tag("a", "Back", href=session["return_url"]))] if session["return_url"] else []
    return page(
        "Billing",
        tag("h1", "Your billing"),
        tag("p", customer["email"] or customer["id"], class_="muted"),
        problem(error),
        subscriptions(account, customer, action),
        cards(account, customer, action),
        invoices(account, customer),
        *back,
    )


def subscriptions(account: Account, customer: Obj, action: str) -> Html:
    parts = [tag("h2", "Subscription")]
    running = running_subscriptions(account, customer)
    for subscription in running:
        for item in subscription["items"]["data"]:
            price = item["price"]
            parts.append(tag("p", f"{name_of(account, price)}: {priced(price)} / {price['recurring']['interval']}"))
        ends, field = day(subscription["cancel_at"] or end_of_period(subscription)), hidden("subscription", subscription["id"])
        if subscription["cancel_at"]:
            parts.append(tag("p", f"Ends on {ends}.", class_="muted"))
            parts.append(form(action, field, button("Don't cancel", name="do", value="resume")))
        else:
            parts.append(tag("p", f"{STATUSES[subscription['status']]}; renews on {ends}.", class_="muted"))
            asked = cancellation_survey()
            parts.append(form(action, field, asked, button("Cancel at period end", quiet=True, name="do", value="cancel")))
    return joined(*parts, *([] if running else [tag("p", "None.", class_="muted")]))


def cancellation_survey() -> Html:
    """Return the optional questions of a cancellation: docs.stripe.com/customer-management/cancellation-page."""
    options = [tag("option", text, value=value) for value, text in FEEDBACK_TEXTS.items()]
    reason = tag("label", "Why do you cancel? ", tag("select", *options, name="feedback"))
    return joined(reason, tag("label", "Anything else? ", tag("input", type="text", name="comment")))


def cards(account: Account, customer: Obj, action: str) -> Html:
    names = [one["default_payment_method"] for one in running_subscriptions(account, customer)]
    names.append(customer["invoice_settings"]["default_payment_method"])
    method = next((account.store.find(name) for name in names if name), None)
    current = tag("p", described(method)) if method else tag("p", "No card.", class_="muted")
    return joined(tag("h2", "Card"), current, form(action, choice(), button("Change card", name="do", value="card")))


def invoices(account: Account, customer: Obj) -> Html:
    rows = [
        tag(
            "tr",
            tag("td", tag("a", invoice["number"] or "draft", href=f"/i/{invoice['id']}")),
            tag("td", day(invoice["created"])),
            tag("td", str(invoice["status"])),
            tag("td", money(invoice["total"], invoice["currency"]), class_="number"),
        )
        for invoice in reversed(account.store.where("invoice", customer=customer["id"]))
        if invoice["status"] != "draft"
    ]
    head = tag("tr", tag("th", "Invoice"), tag("th", "Date"), tag("th", "Status"), tag("th", "Total", class_="number"))
    return joined(tag("h2", "Invoices"), tag("table", head, *rows))


def submit(application: Application, name: str, given: dict[str, str]) -> ApiResponse:
    account = application.account
    try:
        with application.store.transaction():
            session = account.find("billing_portal.session", name)
            customer = account.find("customer", session["customer"])
            act(account, customer, given)
            where = after(session)
    except ApiError as error:
        return show(application, name, error.message)
    return redirect(where)


def act(account: Account, customer: Obj, given: dict[str, str]) -> None:
    if given.get("do") == "card":
        if given.get("card") not in CHOICES:
            raise ApiError("Please choose a card.")
        change_card(account, customer, given["card"])
        return
    subscription = account.find("subscription", given.get("subscription"))
    if subscription["customer"] != customer["id"] or given.get("do") not in ("cancel", "resume"):
        raise ApiError("Choose a running subscription to cancel or resume.", status=400)
    cancels = given["do"] == "cancel"
    details = {name: given.get(name, "") for name in ("feedback", "comment")} if cancels else {}
    changes = {"cancel_at_period_end": cancels, "cancellation_details": CANCELLATION(details, "cancellation_details")}
    update(account, changes, subscription["id"])


def change_card(account: Account, customer: Obj, card: str) -> None:
    """Save a card or bank account and make it the payment method of the customer and of running subscriptions."""
    method = payment_method(account, card, account.now(customer))
    method["_"]["is_set_up"] = True  # the portal authenticates the card
    attach(account, method, customer)
    with updating(account, customer):
        customer["invoice_settings"]["default_payment_method"] = method["id"]
    for subscription in running_subscriptions(account, customer):
        if subscription["default_payment_method"]:
            with updating(account, subscription):
                subscription["default_payment_method"] = method["id"]


def after(session: Obj) -> str:
    """Return the URL to which the customer goes next."""
    completion = (session["flow"] or {}).get("after_completion") or {}
    target = (completion.get("redirect") or {}).get("return_url")
    return str(target or f"/p/session/{session['id']}")
