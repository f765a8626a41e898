"""Giving money back: refunds of charges, and the credit notes that say so on invoices."""

from copy import deepcopy
from typing import Any

from dev.stripe.account import Account
from dev.stripe.errors import ApiError
from dev.stripe.events import emit, updating
from dev.stripe.ids import new_id
from dev.stripe.lifecycle import defaults
from dev.stripe.lifecycle.invoice_lines import money
from dev.stripe.lifecycle.invoices import change_balance, mark_paid, payment_of
from dev.stripe.pagination import listing
from dev.stripe.store import Obj


def refund(account: Account, charge: Obj, amount: int | None, reason: str | None, metadata: dict[str, str]) -> Obj:
    """Give back `amount` minor units of a charge, all of the rest when it is None."""
    left = charge["amount"] - charge["amount_refunded"]
    if not charge["paid"]:
        raise ApiError("You cannot refund a charge that failed.", param="charge")
    if charge["disputed"]:
        raise ApiError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed", param="charge"
        )
    if left == 0:
        raise ApiError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = left if amount is None else amount
    if amount <= 0:
        raise ApiError("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        asked, rest = money(amount, charge["currency"]), money(left, charge["currency"])
        raise ApiError(f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})", param="amount")
    made = account.store.add(new_refund(account, charge, amount, reason, metadata))
    before = dict(charge)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    emit(account, "charge.refunded", charge, before)
    emit(account, "refund.created", made)
    complete_refund(account, made)
    return made


def new_refund(account: Account, charge: Obj, amount: int, reason: str | None, metadata: dict[str, str]) -> Obj:
    """A refund that went through."""
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": account.now(charge),
        "currency": charge["currency"],
        "destination_details": {
            "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
            "type": "card",
        },
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
        "_": {"customer": charge["customer"]},
    }


def complete_refund(account: Account, made: Obj) -> None:
    """The bank gives the refund its reference, which Stripe tells of in two events."""
    with updating(account, made, "refund.updated"):
        made["destination_details"] = {
            "card": {
                "reference": new_id("x")[2:13].upper(),
                "reference_status": "available",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        }
    emit(account, "charge.refund.updated", made)


def charge_of_invoice(account: Account, invoice: Obj) -> Obj | None:
    """The charge that paid an invoice."""
    payment = payment_of(account, invoice)
    intent = account.store.get(payment["payment"]["payment_intent"]) if payment else None
    return account.store.find(intent["latest_charge"]) if intent and intent["latest_charge"] else None


def issue_credit_note(account: Account, invoice: Obj, given: dict[str, Any]) -> Obj:
    """Credit an open invoice, or give a paid one back by `refund_amount`, `credit_amount` and `out_of_band_amount`."""
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
        give_back(account, invoice, note, parts, given)
    else:
        with updating(account, invoice, "invoice.updated"):
            invoice["pre_payment_credit_notes_amount"] += amount
            invoice["amount_due"] -= amount
            invoice["amount_remaining"] -= amount
        shrink_intent(account, invoice)
    emit(account, "credit_note.created", note)
    if not paid and invoice["amount_remaining"] == 0:
        mark_paid(account, invoice)
    return note


def shrink_intent(account: Account, invoice: Obj) -> None:
    """What is still asked for."""
    payment = payment_of(account, invoice)
    if payment:
        payment["amount_requested"] = invoice["amount_remaining"]
        account.store.get(payment["payment"]["payment_intent"])["amount"] = invoice["amount_remaining"]


def give_back(account: Account, invoice: Obj, note: Obj, parts: dict[str, int], given: dict[str, Any]) -> None:
    """The refund and the credit of a note on a paid invoice."""
    customer = account.store.get(invoice["customer"])
    charge = charge_of_invoice(account, invoice)
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
    """A credit note of one line."""
    name, paid = new_id("cn"), invoice["status"] == "paid"
    return {
        "id": name,
        "object": "credit_note",
        **deepcopy(defaults.CREDIT_NOTE),
        **dict.fromkeys(("amount", "subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax"), amount),
        "created": account.now(invoice),
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "effective_at": account.now(invoice),
        "invoice": invoice["id"],
        "lines": listing(f"/v1/credit_notes/{name}/lines", [new_credit_line(amount, given)]),
        "memo": given.get("memo"),
        "metadata": {key: words for key, words in (given.get("metadata") or {}).items() if words},
        "number": f"{invoice['number']}-CN-{number:02}",
        "out_of_band_amount": given.get("out_of_band_amount"),
        "pdf": f"{invoice['hosted_invoice_url']}/pdf",
        "post_payment_amount": amount if paid else 0,
        "pre_payment_amount": 0 if paid else amount,
        "reason": given.get("reason"),
        "type": "post_payment" if paid else "pre_payment",
    }


def new_credit_line(amount: int, given: dict[str, Any]) -> Obj:
    """The line of a credit note."""
    return {
        "id": new_id("cnli"),
        "object": "credit_note_line_item",
        "amount": amount,
        "description": given.get("memo") or "Credit",
        "discount_amount": 0,
        "discount_amounts": [],
        "livemode": False,
        "metadata": {},
        "pretax_credit_amounts": [],
        "quantity": 1,
        "tax_rates": [],
        "taxes": [],
        "type": "custom_line_item",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }
