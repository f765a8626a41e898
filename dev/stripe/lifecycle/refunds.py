"""Refunds of charges, and credit notes on invoices."""

from typing import Any

from dev.stripe.account import Account, new_metadata
from dev.stripe.errors import ApiError
from dev.stripe.events import emit, updating
from dev.stripe.ids import new_id
from dev.stripe.lifecycle.disputes import close_inquiries, has_taken_money
from dev.stripe.lifecycle.fraud_warnings import update_warnings
from dev.stripe.lifecycle.invoice_lines import money
from dev.stripe.lifecycle.invoices import change_balance, mark_paid
from dev.stripe.lifecycle.refund_results import BANK_REFERENCE, assign_reference, begin, result_for
from dev.stripe.new_objects import new_object
from dev.stripe.pagination import listing
from dev.stripe.store import Obj


def amount_to_refund(account: Account, charge: Obj, amount: int | None) -> int:
    """Return the amount to refund, the rest of the charge if `amount` is None. Raise ApiError if it cannot be refunded."""
    left = charge["amount"] - charge["amount_refunded"]
    if not charge["paid"]:
        raise ApiError("You cannot refund a charge that failed.", param="charge")
    if has_taken_money(account, charge):
        raise ApiError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed", param="charge"
        )
    if left == 0:
        raise ApiError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = left if amount is None else amount
    if amount <= 0:
        raise ApiError("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        requested, rest = money(amount, charge["currency"]), money(left, charge["currency"])
        raise ApiError(f"Refund amount ({requested}) is greater than unrefunded amount on charge ({rest})", param="amount")
    return amount


def refund(account: Account, charge: Obj, amount: int | None, reason: str | None, metadata: dict[str, str]) -> Obj:
    """Refund `amount` minor units of a charge, the whole rest if it is None."""
    amount = amount_to_refund(account, charge, amount)
    made = account.store.add(
        new_object(
            "refund",
            amount=amount,
            charge=charge["id"],
            created=account.now(charge),
            currency=charge["currency"],
            destination_details={"card": dict(BANK_REFERENCE), "type": "card"},
            metadata=metadata,
            payment_intent=charge["payment_intent"],
            reason=reason,
            _={"customer": charge["customer"]},
        )
    )
    result = result_for(account, charge)
    begin(account, made, result)
    before = dict(charge)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    emit(account, "charge.refunded", charge, before)
    emit(account, "refund.created", made)
    if result.status == "succeeded":
        assign_reference(account, made)
    if charge["refunded"]:
        close_inquiries(account, charge)
        update_warnings(account, charge)
    return made


def issue_credit_note(account: Account, invoice: Obj, given: dict[str, Any]) -> Obj:
    """Credit an open invoice, or refund a paid one by `refund_amount`, `credit_amount` and `out_of_band_amount`."""
    parts = {name: given.get(name) or 0 for name in ("refund_amount", "credit_amount", "out_of_band_amount")}
    amount = given.get("amount") or sum(parts.values())
    paid = invoice["status"] == "paid"
    room = invoice["total"] - invoice["post_payment_credit_notes_amount"] if paid else invoice["amount_remaining"]
    if not 0 < amount <= room:
        raise ApiError(f"The credit note amount must be greater than 0 and at most {room}.", param="amount")
    if paid and sum(parts.values()) != amount:
        raise ApiError("The sum of credit, refund and out of band amounts must equal the credit note amount.", param="amount")
    number = len(account.store.where("credit_note", invoice=invoice["id"])) + 1
    note = account.store.add(new_credit_note(account, invoice, amount, number, given))
    if paid:
        repay(account, invoice, note, parts, given)
    else:
        with updating(account, invoice):
            invoice["pre_payment_credit_notes_amount"] += amount
            invoice["amount_due"] -= amount
            invoice["amount_remaining"] -= amount
        payment, intent = account.payment_of(invoice), account.intent_of(invoice)
        if payment and intent:
            payment["amount_requested"] = intent["amount"] = invoice["amount_remaining"]
    emit(account, "credit_note.created", note)
    if not paid and invoice["amount_remaining"] == 0:
        mark_paid(account, invoice)
    return note


def repay(account: Account, invoice: Obj, note: Obj, parts: dict[str, int], given: dict[str, Any]) -> None:
    """Create the refund and the credit of a note on a paid invoice."""
    customer = account.store.get(invoice["customer"])
    intent = account.intent_of(invoice)
    charge = account.store.find(intent["latest_charge"]) if intent else None
    if parts["refund_amount"]:
        if charge is None:
            raise ApiError("This invoice has no charge to refund.", param="refund_amount")
        made = refund(account, charge, parts["refund_amount"], None, {})
        note["refunds"] = [
            {"amount_refunded": made["amount"], "payment_record_refund": None, "refund": made["id"], "type": "refund"}
        ]
    if parts["credit_amount"]:
        more = {"credit_note": note["id"], "invoice": invoice["id"]}
        entry = change_balance(account, customer, -parts["credit_amount"], "credit_note", **more)
        note["customer_balance_transaction"] = entry["id"]
    invoice["post_payment_credit_notes_amount"] += note["amount"]


def new_credit_note(account: Account, invoice: Obj, amount: int, number: int, given: dict[str, Any]) -> Obj:
    name, paid = new_id("cn"), invoice["status"] == "paid"
    line = new_object(
        "credit_note_line_item",
        amount=amount,
        description=given.get("memo") or "Credit",
        unit_amount=amount,
        unit_amount_decimal=str(amount),
    )
    return new_object(
        "credit_note",
        id=name,
        **dict.fromkeys(("amount", "subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax"), amount),
        **{field: given.get(field) for field in ("memo", "out_of_band_amount", "reason")},
        created=account.now(invoice),
        currency=invoice["currency"],
        customer=invoice["customer"],
        effective_at=account.now(invoice),
        invoice=invoice["id"],
        lines=listing(f"/v1/credit_notes/{name}/lines", [line]),
        metadata=new_metadata(given),
        number=f"{invoice['number']}-CN-{number:02}",
        pdf=f"{invoice['hosted_invoice_url']}/pdf",
        post_payment_amount=amount if paid else 0,
        pre_payment_amount=0 if paid else amount,
        type="post_payment" if paid else "pre_payment",
    )
