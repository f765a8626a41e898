"""The hosted page of an invoice, its PDF, and the bank's page for authentication."""

from dev.stripe.application import ApiResponse, Application
from dev.stripe.errors import ApiError
from dev.stripe.lifecycle.collection import authenticate, collect, method_for
from dev.stripe.lifecycle.invoice_lines import day, money
from dev.stripe.lifecycle.payments import attach
from dev.stripe.pages.card_form import CHOICES, choice, described
from dev.stripe.pages.html import Html, bank_page, button, form, joined, page, problem, redirect, tag
from dev.stripe.payment_methods import payment_method
from dev.stripe.store import Obj


def show(application: Application, name: str, error: str | None = None) -> ApiResponse:
    invoice = application.account.find("invoice", name)
    if invoice["status"] == "draft":
        return page("Invoice", tag("h1", "This invoice is a draft"), status=404)
    amount = money(invoice["amount_remaining"] if invoice["status"] == "open" else invoice["total"], invoice["currency"])
    return page(
        f"Invoice {invoice['number']}",
        tag("h1", f"Invoice {invoice['number']}"),
        tag("p", f"{day(invoice['created'])}, {invoice['status']}", class_="muted"),
        tag("p", amount, class_="amount"),
        problem(error),
        lines(invoice),
        tag("p", tag("a", "Download PDF", href=f"/i/{name}/pdf")),
        payment(application, invoice) if invoice["status"] in ("open", "uncollectible") else Html(),
    )


def lines(invoice: Obj) -> Html:
    rows = [(line["description"] or "", line["amount"]) for line in invoice["lines"]["data"]]
    rows.append(("Total", invoice["total"]))
    if invoice["starting_balance"] != (invoice["ending_balance"] or 0):
        rows.append(("Applied balance", (invoice["starting_balance"] - (invoice["ending_balance"] or 0))))
    rows.append(("Amount due", invoice["amount_due"]))
    cells = [tag("tr", tag("td", text), tag("td", money(value, invoice["currency"]), class_="number")) for text, value in rows]
    return tag("table", *cells)


def payment(application: Application, invoice: Obj) -> Html:
    """Return the form for the payment, or a sentence while one is processing."""
    intent = application.account.intent_of(invoice)
    if intent and intent["status"] == "processing":
        return tag("p", "Your payment is processing. This can take several days.", role="status")
    return pay_form(application, invoice)


def pay_form(application: Application, invoice: Obj) -> Html:
    action, saved = f"/i/{invoice['id']}", method_for(application.account, invoice)
    on_file = [form(action, button(f"Pay with {described(saved)}", name="card", value="on file"))] if saved else []
    return joined(tag("h2", "Pay"), *on_file, form(action, choice(), button("Pay with this card")))


def submit(application: Application, name: str, given: dict[str, str]) -> ApiResponse:
    account, store = application.account, application.store
    card = given.get("card", "")
    try:
        with store.transaction():
            invoice = account.find("invoice", name)
            if invoice["status"] not in ("open", "uncollectible"):
                return redirect(f"/i/{name}")
            if card not in (*CHOICES, "on file"):
                raise ApiError("Please choose a card.")
            method = None if card == "on file" else save_new_method(application, invoice, card)
            result = collect(account, invoice, method=method, on_session=True)
    except ApiError as error:
        return show(application, name, error.message)
    if result == "requires_action":
        intent = account.intent_of(invoice)
        return redirect(f"/authenticate/{intent['id']}" if intent else f"/i/{name}")
    return (
        redirect(f"/i/{name}") if result in ("succeeded", "processing") else show(application, name, "Your card was declined.")
    )


def save_new_method(application: Application, invoice: Obj, name: str) -> Obj:
    """Save the card or bank account that the customer chose."""
    account = application.account
    method = payment_method(account, name, account.now(invoice))
    attach(account, method, account.store.get(invoice["customer"]))
    return method


def show_bank(application: Application, name: str) -> ApiResponse:
    intent = application.account.find("payment_intent", name)
    if intent["status"] != "requires_action":
        return page("Your bank", tag("h1", "Nothing to authenticate"), status=404)
    return bank_page(f"/authenticate/{name}")


def submit_bank(application: Application, name: str, given: dict[str, str]) -> ApiResponse:
    """Collect the invoice, depending on the customer's choice."""
    account = application.account
    with application.store.transaction():
        intent = account.find("payment_intent", name)
        if intent["status"] == "requires_action":
            authenticate(account, intent, succeed=given.get("authenticated") == "yes")
    return redirect(f"/i/{intent['_']['invoice']}")


def show_pdf(application: Application, name: str) -> ApiResponse:
    invoice = application.account.find("invoice", name)
    rows = [
        "Stripe emulator: no real card, no money",
        f"Invoice {invoice['number']}, {invoice['status']}, {day(invoice['created'])}",
        "",
    ]
    rows += [f"{line['description']}   {money(line['amount'], invoice['currency'])}" for line in invoice["lines"]["data"]]
    rows += [
        "",
        f"Total {money(invoice['total'], invoice['currency'])}",
        f"Due {money(invoice['amount_due'], invoice['currency'])}",
    ]
    headers = {"Content-Type": "application/pdf", "Content-Disposition": f'inline; filename="{name}.pdf"'}
    return ApiResponse(200, pdf(rows), headers)


def pdf(rows: list[str]) -> bytes:
    """Return a minimal PDF of these lines (ISO 32000-1, 7.5: header, objects, cross-reference table, trailer)."""
    shown = [row.encode("cp1252", "replace").translate(None, b"\r\n") for row in rows]
    escaped = [row.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)") for row in shown]
    text = b"BT /F1 11 Tf 60 780 Td 16 TL " + b" ".join(b"(" + row + b") Tj T*" for row in escaped) + b" ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    tail = b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 6\n0000000000 65535 f \n" + table + tail
