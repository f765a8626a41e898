"""The states of an invoice: draft, open with the customer's balance applied, paid, void, uncollectible."""

from typing import Any

from dev.stripe.account import Account
from dev.stripe.events import emit, updating
from dev.stripe.ids import new_id
from dev.stripe.lifecycle.discounts import end_used_discounts
from dev.stripe.lifecycle.invoice_amounts import price_lines
from dev.stripe.lifecycle.invoice_lines import item_line
from dev.stripe.lifecycle.payments import new_intent
from dev.stripe.lifecycle.sent_invoices import due_date_of
from dev.stripe.new_objects import new_object
from dev.stripe.pagination import listing
from dev.stripe.store import Obj

MIN_CHARGE = {"usd": 50, "eur": 50, "gbp": 30}  # minor units: docs.stripe.com/currencies


def pending_items(account: Account, customer: str, subscription: str | None) -> list[Obj]:
    """Return the items of the next invoice, those of the latest change first."""
    waiting = account.store.where("invoiceitem", customer=customer, invoice=None)
    waiting.sort(key=lambda item: -item["date"])
    return [item for item in waiting if item["_"]["subscription"] in (None, subscription)]


def draft(account: Account, customer: Obj, lines: list[Obj], reason: str, subscription: Obj | None, **more: Any) -> Obj:
    """Create a draft of these lines and all pending items. `more` overrides fields of the invoice."""
    name, now = new_id("in"), account.now(customer)
    items = pending_items(account, customer["id"], subscription["id"] if subscription else None)
    lines = [*map(item_line, items), *lines]
    for entry in (*lines, *items):
        entry["invoice"] = name
    amounts = price_lines(account, customer, subscription, lines, more.get("created", now))
    currency = lines[0]["currency"] if lines else customer["currency"] or "usd"
    customer["currency"] = customer["currency"] or currency
    invoice = new_object(
        "invoice",
        id=name,
        **amounts,
        **{f"customer_{field}": customer[field] for field in ("address", "email", "name", "phone")},
        billing_reason=reason,
        created=now,
        currency=currency,
        customer=customer["id"],
        lines=listing(f"/v1/invoices/{name}/lines", lines),
        period_end=now,
        period_start=now,
        starting_balance=customer["balance"],
        test_clock=customer["test_clock"],
        _={"first_failed_at": None, "failures": 0},
    )
    if subscription:
        details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
        invoice["parent"] = {"quote_details": None, "subscription_details": details, "type": "subscription_details"}
        invoice["_"]["subscription"] = subscription["id"]
        invoice["collection_method"] = subscription["collection_method"]
        invoice["due_date"] = due_date_of(subscription, now)
        subscription["latest_invoice"] = name
    invoice.update(more)
    account.store.add(invoice)
    used = [account.store.get(entry["discount"]) for entry in amounts["total_discount_amounts"] if entry["amount"]]
    end_used_discounts(account, subscription, used)
    emit(account, "invoice.created", invoice)
    return invoice


def finalize(account: Account, invoice: Obj) -> None:
    """Assign a number to a draft, apply the customer's balance, and create a payment intent for the rest."""
    customer, now = account.store.get(invoice["customer"]), account.now(invoice)
    balance, total = customer["balance"], invoice["total"]
    due, ending = apply_balance(total, balance, invoice["currency"])
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04}"
    customer["next_invoice_sequence"] += 1
    page = f"{account.url}/i/{invoice['id']}"
    invoice.update(status="open", number=number, effective_at=now, starting_balance=balance, ending_balance=ending)
    invoice.update(amount_due=due, amount_remaining=due, automatically_finalizes_at=None)
    invoice.update(hosted_invoice_url=page, invoice_pdf=f"{page}/pdf")
    invoice["status_transitions"]["finalized_at"] = now
    if ending != balance:
        change_balance(account, customer, ending - balance, "applied_to_invoice", invoice=invoice["id"])
    if due:
        create_invoice_payment(account, invoice)
    emit(account, "invoice.finalized", invoice)
    if not due:
        mark_paid(account, invoice)


def apply_balance(total: int, balance: int, currency: str) -> tuple[int, int]:
    """Return the amount due and the remaining balance. An amount below Stripe's minimum stays on the balance."""
    combined = total + balance
    return (combined, 0) if combined >= MIN_CHARGE.get(currency, 50) else (0, combined)


def create_invoice_payment(account: Account, invoice: Obj) -> None:
    """Create the payment intent of an open invoice, and the record that connects the two."""
    text = "Subscription creation" if invoice["billing_reason"] == "subscription_create" else "Subscription update"
    more = {"description": text, "setup_future_usage": "off_session", "_": {"invoice": invoice["id"]}}
    intent = new_intent(account, invoice, invoice["amount_remaining"], invoice["currency"], invoice["customer"], **more)
    account.store.add(
        new_object(
            "invoice_payment",
            amount_requested=intent["amount"],
            created=intent["created"],
            currency=invoice["currency"],
            invoice=invoice["id"],
            payment={"payment_intent": intent["id"], "type": "payment_intent"},
            _={"customer": invoice["customer"]},
        )
    )


def change_balance(account: Account, customer: Obj, amount: int, kind: str, **more: Any) -> Obj:
    """Add `amount` minor units to the customer's balance (negative is credit) and store the transaction."""
    with updating(account, customer):
        customer["balance"] += amount
    return account.store.add(
        new_object(
            "customer_balance_transaction",
            **{name: more.get(name) for name in ("credit_note", "description", "invoice")},
            amount=amount,
            created=account.now(customer),
            currency=more.get("currency") or customer["currency"] or "usd",
            customer=customer["id"],
            ending_balance=customer["balance"],
            metadata=more.get("metadata") or {},
            type=kind,
        )
    )


def mark_paid(account: Account, invoice: Obj, *, out_of_band: bool = False) -> None:
    now, due = account.now(invoice), invoice["amount_remaining"]
    invoice.update(status="paid", amount_paid=invoice["amount_paid"] + due, amount_remaining=0, attempted=True)
    invoice.update(next_payment_attempt=None, auto_advance=False)
    invoice["status_transitions"]["paid_at"] = now
    payment = account.payment_of(invoice)
    if payment and out_of_band:
        cancel_payment(account, payment)
    elif payment:
        payment.update(status="paid", amount_paid=due)
        payment["status_transitions"]["paid_at"] = now
        emit(account, "invoice_payment.paid", payment)
    if out_of_band and due:
        record_payment_elsewhere(account, invoice, due)
    emit(account, "invoice.paid", invoice)
    emit(account, "invoice.payment_succeeded", invoice)


def record_payment_elsewhere(account: Account, invoice: Obj, amount: int) -> None:
    """Add what was paid outside of Stripe to the payments of an invoice: docs.stripe.com/api/payment-record."""
    payment = account.store.add(
        new_object(
            "invoice_payment",
            amount_paid=amount,
            amount_requested=amount,
            created=account.now(invoice),
            currency=invoice["currency"],
            invoice=invoice["id"],
            is_default=False,
            payment={"payment_record": new_id("pr"), "type": "payment_record"},
            status="paid",
            _={"customer": invoice["customer"]},
        )
    )
    payment["status_transitions"]["paid_at"] = account.now(invoice)
    emit(account, "invoice_payment.paid", payment)


def cancel_payment(account: Account, payment: Obj) -> None:
    intent, now = account.store.get(payment["payment"]["payment_intent"]), account.now(payment)
    if intent["status"] not in ("succeeded", "canceled"):
        intent.update(status="canceled", canceled_at=now, cancellation_reason="void_invoice", next_action=None)
        emit(account, "payment_intent.canceled", intent)
    payment["status"] = "canceled"
    payment["status_transitions"]["canceled_at"] = now


def void(account: Account, invoice: Obj) -> None:
    for payment in account.store.where("invoice_payment", invoice=invoice["id"], status="open"):
        cancel_payment(account, payment)
    invoice.update(status="void", next_payment_attempt=None, auto_advance=False)
    invoice["status_transitions"]["voided_at"] = account.now(invoice)
    emit(account, "invoice.voided", invoice)


def mark_uncollectible(account: Account, invoice: Obj, reason: str = "user_forgiven") -> None:
    """Mark an invoice as uncollectible. It can still be paid."""
    invoice.update(status="uncollectible", next_payment_attempt=None, auto_advance=False)
    invoice["status_details"] = {"uncollectible": {"reason": reason}}
    invoice["status_transitions"]["marked_uncollectible_at"] = account.now(invoice)
    emit(account, "invoice.marked_uncollectible", invoice)
