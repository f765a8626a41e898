"""The results of refunds: most succeed at once, others are pending, need the customer, lack balance, or fail later.

The result is that of the card (`cards.CARDS`), else that of the account's setting `refunds`.
"""

from dataclasses import dataclass
from typing import Any

from dev.stripe.account import Account
from dev.stripe.billing_periods import DAY
from dev.stripe.events import emit, updating
from dev.stripe.ids import new_id
from dev.stripe.lifecycle.balance import book
from dev.stripe.payment_methods import card_of
from dev.stripe.store import Obj

BANK_REFERENCE = {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"}
SETTLING_TIME = DAY
REPLY_TIME = 45 * DAY  # in which the customer must name a bank account


@dataclass(frozen=True)
class RefundResult:
    """The first status of a refund, and the final one after `after` seconds. Without `becomes` it stays as it is."""

    status: str
    pending_reason: str | None = None
    becomes: str = ""
    after: int = SETTLING_TIME

    @property
    def uses_balance(self) -> bool:
        """True if the amount leaves the account's balance at once."""
        return self.status != "requires_action" and self.pending_reason != "insufficient_funds"


RESULTS = {
    "succeed": RefundResult("succeeded"),
    "fail_later": RefundResult("succeeded", becomes="failed"),
    "pending": RefundResult("pending", "processing", becomes="succeeded"),
    "lack_balance": RefundResult("pending", "insufficient_funds"),
    "need_action": RefundResult("requires_action", becomes="failed", after=REPLY_TIME),
}


def result_for(account: Account, charge: Obj) -> RefundResult:
    method = account.store.find(charge["payment_method"])
    card = card_of(method) if method else None
    return RESULTS[(card and card.refund) or account.settings["refunds"]]


def begin(account: Account, refund: Obj, result: RefundResult) -> None:
    """Set the first status of a new refund, and schedule the final one."""
    refund["status"] = result.status
    if result.status == "pending":
        refund["pending_reason"] = result.pending_reason
    if result.status == "requires_action":
        email = account.store.get(refund["_"]["customer"])["email"]
        sent = {"email_sent_at": refund["created"], "email_sent_to": email}
        details = {"email_sent": sent, "expires_at": refund["created"] + result.after}
        refund["next_action"] = {"display_details": details, "type": "display_details"}
    if result.uses_balance:
        take_from_balance(account, refund)
    refund["_"].update(becomes=result.becomes, settles_at=refund["created"] + result.after if result.becomes else None)


def take_from_balance(account: Account, refund: Obj) -> None:
    refund["balance_transaction"] = book(account, refund, -refund["amount"], "refund", "refund")["id"]


def next_refund_action_at(account: Account, refund: Obj) -> int | None:
    at = refund["_"].get("settles_at")
    return int(at) if at is not None else None


def settle_when_due(account: Account, refund: Obj) -> None:
    settle(account, refund, refund["_"]["becomes"])


def settle(account: Account, refund: Obj, status: str, reason: str = "expired_or_canceled_card") -> None:
    """Set the final status of a refund. The amount of one that fails or is canceled returns to balance and charge."""
    with updating(account, refund):
        refund["_"]["settles_at"] = None
        refund["status"] = status
        for name in ("pending_reason", "next_action"):
            refund.pop(name, None)
        if status == "succeeded":
            if refund["balance_transaction"] is None:
                take_from_balance(account, refund)
        else:
            give_back(account, refund, reason if status == "failed" else "merchant_request")
    emit(account, "charge.refund.updated", refund)
    if status == "failed":
        emit(account, "refund.failed", refund)


def give_back(account: Account, refund: Obj, reason: str) -> None:
    refund["failure_reason"] = reason
    if refund["balance_transaction"] is not None:
        returned = book(account, refund, refund["amount"], "refund_failure", "refund_failure")
        refund["failure_balance_transaction"] = returned["id"]
    charge = account.store.get(refund["charge"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False


def assign_reference(account: Account, refund: Obj) -> None:
    """Store the bank's reference of a refund. Stripe emits two events for it."""
    with updating(account, refund):
        card: dict[str, Any] = {**BANK_REFERENCE, "reference": new_id("x")[2:13].upper(), "reference_status": "available"}
        refund["destination_details"] = {"card": card, "type": "card"}
    emit(account, "charge.refund.updated", refund)
