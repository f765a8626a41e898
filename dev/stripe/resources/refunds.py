"""Refunds, credit notes, disputes, early fraud warnings and balance transactions."""

from typing import Any

from dev.stripe.account import Account, new_metadata, set_metadata
from dev.stripe.errors import ApiError
from dev.stripe.events import updating
from dev.stripe.lifecycle.disputes import CLOSED_STATUSES, EVIDENCE_FIELDS, INQUIRY_STATUSES, close_dispute
from dev.stripe.lifecycle.refund_results import settle
from dev.stripe.lifecycle.refunds import issue_credit_note, refund
from dev.stripe.parameters import Table, boolean, fields, integer, metadata, natural, one_of, span, text
from dev.stripe.resources.standard import list_route, retrieve_route, update_route
from dev.stripe.routes import route
from dev.stripe.store import Obj

CREATE: Table = {
    "charge": text,
    "payment_intent": text,
    "amount": integer,
    "reason": one_of("duplicate", "fraudulent", "requested_by_customer"),
    "metadata": metadata,
}
TEST_EVIDENCE = {"winning_evidence": True, "losing_evidence": False}  # docs.stripe.com/testing#evidence
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

retrieve_route("/v1/refunds", "refund")
list_route("/v1/refunds", "refund", {"charge": text, "payment_intent": text, "created": span})
update_route("/v1/refunds", "refund")
retrieve_route("/v1/credit_notes", "credit_note")
list_route("/v1/credit_notes", "credit_note", {"invoice": text, "customer": text, "created": span})
retrieve_route("/v1/disputes", "dispute")
list_route("/v1/disputes", "dispute", {"charge": text, "payment_intent": text, "created": span})
retrieve_route("/v1/radar/early_fraud_warnings", "radar.early_fraud_warning")
list_route(
    "/v1/radar/early_fraud_warnings", "radar.early_fraud_warning", {"charge": text, "payment_intent": text, "created": span}
)
retrieve_route("/v1/balance_transactions", "balance_transaction")
list_route("/v1/balance_transactions", "balance_transaction", {"source": text, "type": text, "created": span})


@route("POST /v1/refunds/{id}/cancel")
def cancel(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Cancel a refund that waits for the customer."""
    found = account.find("refund", name)
    if found["status"] != "requires_action":
        raise ApiError(f"You cannot cancel a refund with the status {found['status']}.")
    settle(account, found, "canceled")
    return found


@route("POST /v1/refunds", CREATE)
def create(account: Account, given: dict[str, Any]) -> Obj:
    """Refund a charge or a part of it. Raise ApiError if the amount exceeds the rest of the charge."""
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
    return refund(account, charge, given.get("amount"), given.get("reason"), new_metadata(given))


@route("POST /v1/credit_notes", NOTE)
def create_note(account: Account, given: dict[str, Any]) -> Obj:
    invoice = account.find("invoice", given["invoice"], "invoice")
    if invoice["status"] not in ("open", "paid"):
        raise ApiError(f"You can only create credit notes for open or paid invoices; this one is {invoice['status']}.")
    return issue_credit_note(account, invoice, given)


@route(
    "POST /v1/disputes/{id}",
    {"evidence": fields(dict.fromkeys(EVIDENCE_FIELDS.split(), text)), "submit": boolean, "metadata": metadata},
)
def update_dispute(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Add evidence, and by default submit it. `_control/dispute` then sets the bank's decision."""
    dispute = account.find("dispute", name)
    with updating(account, dispute):
        if given.get("evidence"):
            dispute["evidence"].update(given["evidence"])
            dispute["evidence_details"]["has_evidence"] = True
        if given.get("submit", bool(given.get("evidence"))):
            is_inquiry = dispute["status"] in INQUIRY_STATUSES
            dispute["status"] = "warning_under_review" if is_inquiry else "under_review"
            dispute["evidence_details"]["submission_count"] += 1
            dispute["evidence_details"]["submission_method"] = "manual"
        set_metadata(dispute, given)
    words = (given.get("evidence") or {}).get("uncategorized_text")
    if words in TEST_EVIDENCE:
        close_dispute(account, dispute, won=TEST_EVIDENCE[words])
    return dispute


@route("POST /v1/disputes/{id}/close")
def closed(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Accept a dispute as lost."""
    dispute = account.find("dispute", name)
    if dispute["status"] in CLOSED_STATUSES:
        raise ApiError("This dispute is already closed.")
    close_dispute(account, dispute, won=False)
    return dispute
