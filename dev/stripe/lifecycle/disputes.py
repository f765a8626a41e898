"""Disputes, by which a customer's bank reverses a payment, and the inquiries that may precede them."""

from dev.stripe.account import Account
from dev.stripe.billing_periods import DAY
from dev.stripe.events import emit, updating
from dev.stripe.lifecycle.balance import book
from dev.stripe.lifecycle.fraud_warnings import update_warnings
from dev.stripe.new_objects import new_object
from dev.stripe.store import Obj

EVIDENCE_DUE_DAYS = 7
DISPUTE_FEE = 1500  # minor units, withdrawn with a chargeback and kept whatever its outcome
# the first status of each kind of case: docs.stripe.com/api/disputes/object, `payment_method_details.card.case_type`
CASES = {"chargeback": "needs_response", "inquiry": "warning_needs_response", "resolution": "prevented"}
INQUIRY_STATUSES = ("warning_needs_response", "warning_under_review")
CLOSED_STATUSES = ("won", "lost", "warning_closed", "prevented")
EVIDENCE_FIELDS = (
    "access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal "
    "customer_communication customer_email_address customer_name customer_purchase_ip customer_signature "
    "duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt refund_policy "
    "refund_policy_disclosure refund_refusal_explanation service_date service_documentation shipping_address shipping_carrier "
    "shipping_date shipping_documentation shipping_tracking_number uncategorized_file uncategorized_text"
)


def disputed_details(charge: Obj, case: str) -> Obj | None:
    """Return `payment_method_details` of a dispute, which Stripe has for cards only."""
    card = charge["payment_method_details"].get("card")
    if card is None:
        return None
    network = {"case_type": case, "network": card["network"], "network_reason_code": "10.4"}
    return {"card": {"brand": card["brand"], **network}, "type": "card"}


def open_dispute(account: Account, charge: Obj, reason: str, case: str = "chargeback") -> Obj:
    """Open a dispute over the unrefunded amount of a charge, which is withdrawn at once unless it is an inquiry.

    A `resolution` is a dispute that the card network prevented: the amount is withdrawn without a fee, and it is closed.
    Stripe does not send `charge.updated`, and the events' dispute names no customer.
    """
    dispute = account.store.add(new_dispute(account, charge, reason, case))
    charge["disputed"] = True
    emit(account, "charge.dispute.created", dispute)
    if case != "inquiry":
        withdraw(account, dispute, fee=DISPUTE_FEE if case == "chargeback" else 0)
    if dispute["status"] in CLOSED_STATUSES:
        emit(account, "charge.dispute.closed", dispute)
    update_warnings(account, charge)
    return dispute


def new_dispute(account: Account, charge: Obj, reason: str, case: str) -> Obj:
    now = account.now(charge)
    return new_object(
        "dispute",
        amount=charge["amount"] - charge["amount_refunded"],
        charge=charge["id"],
        created=now,
        currency=charge["currency"],
        evidence={**dict.fromkeys(EVIDENCE_FIELDS.split()), "enhanced_evidence": {}},
        evidence_details={
            "due_by": None if case == "resolution" else now + EVIDENCE_DUE_DAYS * DAY,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        is_charge_refundable=case == "inquiry",
        payment_intent=charge["payment_intent"],
        payment_method_details=disputed_details(charge, case),
        reason=reason,
        status=CASES[case],
        _={"customer": charge["customer"]},
    )


def withdraw(account: Account, dispute: Obj, *, fee: int) -> None:
    dispute["balance_transactions"].append(book(account, dispute, -dispute["amount"], "adjustment", "dispute", fee=fee))
    emit(account, "charge.dispute.funds_withdrawn", dispute)


def escalate_dispute(account: Account, dispute: Obj) -> None:
    """Turn an inquiry into a dispute, which withdraws the amount."""
    with updating(account, dispute):
        dispute.update(status="needs_response", is_charge_refundable=False)
        dispute["payment_method_details"] = disputed_details(account.store.get(dispute["charge"]), "chargeback")
    withdraw(account, dispute, fee=DISPUTE_FEE)


def close_dispute(account: Account, dispute: Obj, *, won: bool) -> None:
    """Close a dispute as won or lost. An inquiry is closed without a decision about the money."""
    is_inquiry = dispute["status"] in INQUIRY_STATUSES
    dispute["status"] = "warning_closed" if is_inquiry else "won" if won else "lost"
    emit(account, "charge.dispute.closed", dispute)
    if won and not is_inquiry:
        dispute["balance_transactions"].append(book(account, dispute, dispute["amount"], "adjustment", "dispute_reversal"))
        emit(account, "charge.dispute.funds_reinstated", dispute)


def close_inquiries(account: Account, charge: Obj) -> None:
    """Close the inquiries about a charge that was refunded in full."""
    for dispute in account.store.where("dispute", charge=charge["id"]):
        if dispute["status"] in INQUIRY_STATUSES:
            close_dispute(account, dispute, won=True)


def has_taken_money(account: Account, charge: Obj) -> bool:
    """Return True if a dispute has withdrawn the amount of a charge, so that the charge cannot be refunded."""
    disputes = account.store.where("dispute", charge=charge["id"])
    return any(sum(entry["amount"] for entry in dispute["balance_transactions"]) < 0 for dispute in disputes)
