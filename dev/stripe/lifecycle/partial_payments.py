"""Several payments for one invoice: payment intents that are attached to it, each for a part of its amount.

docs.stripe.com/invoicing/partial-payments. The invoice's own payment intent, its default payment, is for the rest.
"""

from dev.stripe.account import Account
from dev.stripe.errors import ApiError
from dev.stripe.events import emit, updating
from dev.stripe.lifecycle.collection import activate_after_payment
from dev.stripe.lifecycle.invoices import change_balance, mark_paid
from dev.stripe.new_objects import new_object
from dev.stripe.store import Obj


def attach_payment(account: Account, invoice: Obj, intent: Obj) -> None:
    """Attach a payment intent to an open invoice. What it received, or will receive, pays a part of the invoice."""
    if invoice["status"] != "open":
        raise ApiError(f"You can only attach payments to an open invoice; this one is {invoice['status']}.")
    if intent["customer"] != invoice["customer"] or intent["currency"] != invoice["currency"]:
        raise ApiError("The PaymentIntent must have the customer and the currency of the invoice.", param="payment_intent")
    if account.store.where("invoice_payment", payment_intent=intent["id"]):
        raise ApiError("This PaymentIntent is already attached to an invoice.", param="payment_intent")
    account.store.add(
        new_object(
            "invoice_payment",
            amount_requested=intent["amount"],
            created=account.now(invoice),
            currency=invoice["currency"],
            invoice=invoice["id"],
            is_default=False,
            payment={"payment_intent": intent["id"], "type": "payment_intent"},
            _={"customer": invoice["customer"], "payment_intent": intent["id"]},
        )
    )
    receive_payment(account, intent)


def receive_payment(account: Account, intent: Obj) -> None:
    """Subtract a succeeded payment from the invoice to which it is attached. An excess becomes the customer's credit."""
    payments = account.store.where("invoice_payment", payment_intent=intent["id"], status="open")
    if intent["status"] != "succeeded" or not payments:
        return
    [payment] = payments
    invoice = account.store.get(payment["invoice"])
    paid = min(intent["amount_received"], invoice["amount_remaining"])
    excess = intent["amount_received"] - paid
    payment.update(status="paid", amount_paid=paid)
    payment["status_transitions"]["paid_at"] = account.now(invoice)
    emit(account, "invoice_payment.paid", payment)
    with updating(account, invoice):
        invoice.update(amount_paid=invoice["amount_paid"] + paid, amount_remaining=invoice["amount_remaining"] - paid)
        invoice["amount_overpaid"] += excess
    if excess:
        customer = account.store.get(invoice["customer"])
        change_balance(account, customer, -excess, "invoice_overpaid", invoice=invoice["id"])
    default = account.intent_of(invoice)
    if default and default["status"] not in ("succeeded", "canceled"):
        default["amount"] = invoice["amount_remaining"]
    if invoice["amount_remaining"] == 0:
        mark_paid(account, invoice, out_of_band=True)
        activate_after_payment(account, invoice)
