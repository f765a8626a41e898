"""Payments of a part of an open invoice. The invoice stays open until the rest is paid by its own payment intent."""

from dev.stripe.account import Account
from dev.stripe.events import emit, updating
from dev.stripe.lifecycle.payments import confirm, new_intent
from dev.stripe.new_objects import new_object
from dev.stripe.store import Obj


def pay_part(account: Account, invoice: Obj, amount: int, method: Obj) -> Obj:
    """Pay `amount` minor units of an open invoice by a payment intent of its own. Return the invoice's payment."""
    if invoice["status"] != "open":
        raise ValueError(f"this invoice is {invoice['status']}")
    if not 0 < amount < invoice["amount_remaining"]:
        raise ValueError(f"a part is between 1 and {invoice['amount_remaining'] - 1}")
    intent = new_intent(account, invoice, "Partial payment")
    intent["amount"] = amount
    if confirm(account, intent, method, on_session=True) != "succeeded":
        raise ValueError("the card was declined")
    now = account.now(invoice)
    payment = account.payment_of(invoice)
    with updating(account, invoice):
        invoice["amount_paid"] += amount
        invoice["amount_remaining"] -= amount
    if payment:
        rest = account.store.get(payment["payment"]["payment_intent"])
        payment["amount_requested"] = rest["amount"] = invoice["amount_remaining"]
    part = account.store.add(
        new_object(
            "invoice_payment",
            amount_paid=amount,
            amount_requested=amount,
            created=now,
            currency=invoice["currency"],
            invoice=invoice["id"],
            is_default=False,
            payment={"payment_intent": intent["id"], "type": "payment_intent"},
            status="paid",
            status_transitions={"canceled_at": None, "paid_at": now},
            _={"customer": invoice["customer"]},
        )
    )
    emit(account, "invoice_payment.paid", part)
    return part
