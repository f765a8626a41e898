"""Disputes, by which a customer's bank reverses a payment."""

from dev.stripe.account import Account
from dev.stripe.billing_periods import DAY
from dev.stripe.events import emit, updating
from dev.stripe.new_objects import new_object
from dev.stripe.store import Obj

EVIDENCE_DUE_DAYS = 7
EVIDENCE_FIELDS = (
    "access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal "
    "customer_communication customer_email_address customer_name customer_purchase_ip customer_signature "
    "duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt refund_policy "
    "refund_policy_disclosure refund_refusal_explanation service_date service_documentation shipping_address shipping_carrier "
    "shipping_date shipping_documentation shipping_tracking_number uncategorized_file uncategorized_text"
)


def disputed_details(charge: Obj) -> Obj | None:
    """Return `payment_method_details` of a dispute, which Stripe has for cards only."""
    card = charge["payment_method_details"].get("card")
    if card is None:
        return None
    network = {"case_type": "chargeback", "network": card["network"], "network_reason_code": "10.4"}
    return {"card": {"brand": card["brand"], **network}, "type": "card"}


def open_dispute(account: Account, charge: Obj, reason: str) -> Obj:
    """Open a dispute over the unrefunded amount of a charge. The amount is withdrawn at once."""
    now = account.now(charge)
    dispute = account.store.add(
        new_object(
            "dispute",
            amount=charge["amount"] - charge["amount_refunded"],
            charge=charge["id"],
            created=now,
            currency=charge["currency"],
            evidence={**dict.fromkeys(EVIDENCE_FIELDS.split()), "enhanced_evidence": {}},
            evidence_details={
                "due_by": now + EVIDENCE_DUE_DAYS * DAY,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "submission_method": "not_submitted",
            },
            payment_intent=charge["payment_intent"],
            payment_method_details=disputed_details(charge),
            reason=reason,
            _={"customer": charge["customer"]},
        )
    )
    with updating(account, charge):
        charge["disputed"] = True
    emit(account, "charge.dispute.created", dispute)
    emit(account, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def close_dispute(account: Account, dispute: Obj, *, won: bool) -> None:
    dispute["status"] = "won" if won else "lost"
    emit(account, "charge.dispute.closed", dispute)
    if won:
        emit(account, "charge.dispute.funds_reinstated", dispute)
