"""Refunds, credit notes and disputes."""

from typing import Any

from dev.stripe.account import Account, set_metadata
from dev.stripe.errors import ApiError, wrong_state
from dev.stripe.events import updating
from dev.stripe.lifecycle.disputes import EVIDENCE, close_dispute
from dev.stripe.lifecycle.refunds import issue_credit_note, refund
from dev.stripe.pagination import PAGING, newest_first, page
from dev.stripe.parameters import Table, boolean, fields, integer, metadata, natural, one_of, span, text
from dev.stripe.routes import route
from dev.stripe.store import Obj

CREATE: Table = {
    "charge": text,
    "payment_intent": text,
    "amount": integer,
    "reason": one_of("duplicate", "fraudulent", "requested_by_customer"),
    "metadata": metadata,
}


@route("POST /v1/refunds", CREATE)
def create(account: Account, given: dict[str, Any]) -> Obj:
    """Give back a charge or a part of it; more than is left is refused."""
    if given.get("payment_intent"):
        intent = account.find("payment_intent", given["payment_intent"], "payment_intent")
        if intent["status"] != "succeeded":
            raise ApiError(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
        charge = account.find("charge", intent["latest_charge"], "charge")
    elif given.get("charge"):
        charge = account.find("charge", given["charge"], "charge")
    else:
        raise ApiError(
            "One of the following params should be provided for this request: payment_intent or charge.",
            code="parameter_missing",
        )
    data = {key: words for key, words in (given.get("metadata") or {}).items() if words}
    return refund(account, charge, given.get("amount"), given.get("reason"), data)


@route("GET /v1/refunds/{id}")
def retrieve(account: Account, given: dict[str, Any], name: str) -> Obj:
    """A refund."""
    return account.find("refund", name)


@route("GET /v1/refunds", {**PAGING, "charge": text, "payment_intent": text, "created": span})
def listed(account: Account, given: dict[str, Any]) -> Obj:
    """Refunds of a charge."""
    return page(account, "/v1/refunds", newest_first(account, "refund", given, "charge", "payment_intent"), given)


@route("POST /v1/refunds/{id}", {"metadata": metadata})
def update(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Metadata."""
    made = account.find("refund", name)
    with updating(account, made, "refund.updated"):
        set_metadata(made, given.get("metadata"))
    return made


NOTE: Table = {
    "invoice!": text,
    "amount": natural,
    "refund_amount": natural,
    "credit_amount": natural,
    "out_of_band_amount": natural,
    "memo": text,
    "reason": one_of("duplicate", "fraudulent", "order_change", "product_unsatisfactory"),
    "metadata": metadata,
}


@route("POST /v1/credit_notes", NOTE)
def create_note(account: Account, given: dict[str, Any]) -> Obj:
    """Credit an invoice."""
    invoice = account.find("invoice", given["invoice"], "invoice")
    if invoice["status"] not in ("open", "paid"):
        raise wrong_state(f"You can only create credit notes for open or paid invoices; this one is {invoice['status']}.")
    return issue_credit_note(account, invoice, given)


@route("GET /v1/credit_notes/{id}")
def retrieve_note(account: Account, given: dict[str, Any], name: str) -> Obj:
    """A credit note."""
    return account.find("credit_note", name)


@route("GET /v1/credit_notes", {**PAGING, "invoice": text, "customer": text, "created": span})
def list_notes(account: Account, given: dict[str, Any]) -> Obj:
    """Credit notes of an invoice or a customer."""
    return page(account, "/v1/credit_notes", newest_first(account, "credit_note", given, "invoice", "customer"), given)


@route("GET /v1/disputes/{id}")
def retrieve_dispute(account: Account, given: dict[str, Any], name: str) -> Obj:
    """A dispute."""
    return account.find("dispute", name)


@route("GET /v1/disputes", {**PAGING, "charge": text, "payment_intent": text, "created": span})
def list_disputes(account: Account, given: dict[str, Any]) -> Obj:
    """Disputes."""
    return page(account, "/v1/disputes", newest_first(account, "dispute", given, "charge", "payment_intent"), given)


@route("POST /v1/disputes/{id}", {"evidence": fields(dict.fromkeys(EVIDENCE, text)), "submit": boolean, "metadata": metadata})
def update_dispute(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Evidence. What is submitted (the default when evidence is given) waits for the bank: `_control/dispute` decides."""
    dispute = account.find("dispute", name)
    with updating(account, dispute, "charge.dispute.updated"):
        if given.get("evidence"):
            dispute["evidence"].update(given["evidence"])
            dispute["evidence_details"]["has_evidence"] = True
        if given.get("submit", bool(given.get("evidence"))):
            dispute["status"] = "under_review"
            dispute["evidence_details"]["submission_count"] += 1
            dispute["evidence_details"]["submission_method"] = "manual"
        set_metadata(dispute, given.get("metadata"))
    return dispute


@route("POST /v1/disputes/{id}/close")
def closed(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Accept the loss."""
    dispute = account.find("dispute", name)
    if dispute["status"] in ("won", "lost"):
        raise wrong_state("This dispute is already closed.")
    close_dispute(account, dispute, won=False)
    return dispute
