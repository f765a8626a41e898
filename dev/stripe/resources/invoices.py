"""Invoices and their payments."""

from typing import Any

from dev.stripe.account import Account, set_metadata
from dev.stripe.errors import ApiError, declined, no_such
from dev.stripe.lifecycle.collection import activate_after_payment, activate_after_write_off, collect, finalize_and_collect
from dev.stripe.lifecycle.invoices import draft, finalize, mark_paid, mark_uncollectible, void
from dev.stripe.lifecycle.partial_payments import attach_payment
from dev.stripe.lifecycle.sent_invoices import due_date_of, send_invoice
from dev.stripe.parameters import Table, boolean, metadata, natural, one_of, span, text
from dev.stripe.payment_methods import resolved
from dev.stripe.resources.standard import list_route, retrieve_route, update_route
from dev.stripe.routes import route
from dev.stripe.store import Obj

REQUIRES_ACTION = {
    "code": "invoice_payment_intent_requires_action",
    "decline_code": None,
    "message": "This payment requires additional user action before it can be completed successfully. "
    "Payment can be completed using the PaymentIntent associated with the invoice.",
}
FILTERS: Table = {
    "customer": text,
    "subscription": text,
    "status": one_of("draft", "open", "paid", "uncollectible", "void"),
    "created": span,
    "collection_method": text,
}
PAYMENT_FILTERS: Table = {"invoice": text, "status": one_of("canceled", "open", "paid"), "created": span}

retrieve_route("/v1/invoices", "invoice")
list_route("/v1/invoices", "invoice", FILTERS)
update_route("/v1/invoices", "invoice", {"auto_advance": boolean, "description": text, "default_payment_method": text})
retrieve_route("/v1/invoice_payments", "invoice_payment")
list_route("/v1/invoice_payments", "invoice_payment", PAYMENT_FILTERS)


CREATE: Table = {
    "customer!": text,
    "auto_advance": boolean,
    "collection_method": one_of("charge_automatically", "send_invoice"),
    "days_until_due": natural,
    "description": text,
    "metadata": metadata,
}


@route("POST /v1/invoices", CREATE)
def create(account: Account, given: dict[str, Any]) -> Obj:
    customer = account.find("customer", given["customer"], "customer")
    owner = {"collection_method": "charge_automatically", "days_until_due": 30, **given}
    more = {"auto_advance": bool(given.get("auto_advance")), "description": given.get("description")}
    more |= {"collection_method": owner["collection_method"], "due_date": due_date_of(owner, account.now(customer))}
    invoice = draft(account, customer, [], "manual", None, **more)
    set_metadata(invoice, given)
    return invoice


@route("POST /v1/invoices/{id}/finalize", {"auto_advance": boolean})
def finalized(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Finalize a draft. With `auto_advance` (the default for a subscription) it is collected at once."""
    invoice = account.find("invoice", name)
    if invoice["status"] != "draft":
        raise ApiError(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.", code="invoice_not_editable"
        )
    if given.get("auto_advance", invoice["auto_advance"]):
        finalize_and_collect(account, invoice)
    else:
        finalize(account, invoice)
    return invoice


@route("POST /v1/invoices/{id}/pay", {"payment_method": text, "paid_out_of_band": boolean, "off_session": boolean})
def pay(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Try to pay. Raise 402 for a declined card, and store the failed charge."""
    invoice = account.find("invoice", name)
    if invoice["status"] == "paid":
        raise ApiError("Invoice is already paid")
    if invoice["status"] == "void":
        raise ApiError("This invoice is void and can't be paid.")
    if invoice["status"] == "draft":
        finalize(account, invoice)
    if given.get("paid_out_of_band"):
        mark_paid(account, invoice, out_of_band=True)
        activate_after_payment(account, invoice)
    elif invoice["status"] != "paid":
        pay_by_card(account, invoice, given)
    return invoice


def pay_by_card(account: Account, invoice: Obj, given: dict[str, Any]) -> None:
    name = given.get("payment_method")
    method = resolved(account, name, account.now(invoice)) if name else None
    if method and method["customer"] not in (None, invoice["customer"]):
        raise no_such("PaymentMethod", name, "payment_method")
    result = collect(account, invoice, method=method, on_session=not given.get("off_session"))
    if result in ("succeeded", "processing"):
        return
    intent = account.intent_of(invoice)
    error = intent["last_payment_error"] if intent else None
    if result == "requires_action":
        raise declined(REQUIRES_ACTION)
    if error is None:
        raise ApiError("There is no default payment method set on this Customer.", keeps_work=True, code="resource_missing")
    raise declined(error, charge=error.get("charge"))


@route("POST /v1/invoices/{id}/send")
def sent(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Send an invoice that is paid by the customer on its page."""
    invoice = account.find("invoice", name)
    if invoice["collection_method"] != "send_invoice":
        raise ApiError("You can only manually send an invoice if its collection method is 'send_invoice'.")
    if invoice["status"] == "draft":
        finalize(account, invoice)
    send_invoice(account, invoice)
    return invoice


@route("POST /v1/invoices/{id}/attach_payment", {"payment_intent!": text})
def attached(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Add a payment to those of an invoice; see `partial_payments.attach_payment`."""
    invoice = account.find("invoice", name)
    attach_payment(account, invoice, account.find("payment_intent", given["payment_intent"], "payment_intent"))
    return invoice


@route("POST /v1/invoices/{id}/void")
def voided(account: Account, given: dict[str, Any], name: str) -> Obj:
    invoice = account.find("invoice", name)
    intent = account.intent_of(invoice)
    if intent and intent["status"] == "processing":
        raise ApiError("You can't void an invoice with a payment that is processing.")
    if invoice["status"] not in ("open", "uncollectible"):
        raise ApiError(f"You can only void open or uncollectible invoices; this one is {invoice['status']}.")
    if account.store.where("invoice_payment", invoice=name, status="paid"):
        raise ApiError("You can't void an invoice with a payment: docs.stripe.com/invoicing/partial-payments")
    void(account, invoice)
    return invoice


@route("POST /v1/invoices/{id}/mark_uncollectible")
def marked_uncollectible(account: Account, given: dict[str, Any], name: str) -> Obj:
    invoice = account.find("invoice", name)
    if invoice["status"] != "open":
        raise ApiError(f"You can only mark open invoices as uncollectible; this one is {invoice['status']}.")
    mark_uncollectible(account, invoice)
    activate_after_write_off(account, invoice)
    return invoice
