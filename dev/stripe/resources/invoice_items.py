"""Invoice items: what waits for the next invoice, by hand or left by a proration."""

from typing import Any

from dev.stripe.account import Account
from dev.stripe.errors import wrong_state
from dev.stripe.events import emit
from dev.stripe.lifecycle.invoice_lines import new_invoice_item
from dev.stripe.pagination import PAGING, page, within
from dev.stripe.parameters import Table, boolean, integer, metadata, span, text
from dev.stripe.routes import route
from dev.stripe.store import Obj

CREATE: Table = {
    "customer!": text,
    "amount!": integer,
    "currency": text,
    "description": text,
    "subscription": text,
    "metadata": metadata,
}


@route("POST /v1/invoiceitems", CREATE)
def create(account: Account, given: dict[str, Any]) -> Obj:
    """An amount in minor units, negative for a credit."""
    customer = account.find("customer", given["customer"], "customer")
    currency = given.get("currency") or customer["currency"] or "usd"
    data = {key: words for key, words in (given.get("metadata") or {}).items() if words}
    more = {"subscription": given.get("subscription"), "metadata": data}
    item = new_invoice_item(account, customer, given["amount"], currency, given.get("description") or "", **more)
    emit(account, "invoiceitem.created", item)
    return item


@route("GET /v1/invoiceitems/{id}")
def retrieve(account: Account, given: dict[str, Any], name: str) -> Obj:
    """An item."""
    return account.find("invoiceitem", name)


@route("GET /v1/invoiceitems", {**PAGING, "customer": text, "invoice": text, "pending": boolean, "created": span})
def listed(account: Account, given: dict[str, Any]) -> Obj:
    """Items, also only those that wait."""
    wanted = {name: given[name] for name in ("customer", "invoice") if given.get(name)}
    found = [
        item for item in reversed(account.store.where("invoiceitem", **wanted)) if within(given.get("created"), item["date"])
    ]
    if given.get("pending") is not None:
        found = [item for item in found if (item["invoice"] is None) == given["pending"]]
    return page(account, "/v1/invoiceitems", found, given)


@route("DELETE /v1/invoiceitems/{id}")
def delete(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Take back an item that wasn't billed."""
    item = account.find("invoiceitem", name)
    if item["invoice"] is not None:
        raise wrong_state("This invoice item is attached to an invoice.", "invoice_not_editable")
    emit(account, "invoiceitem.deleted", item)
    account.store.remove(name)
    return {"id": name, "object": "invoiceitem", "deleted": True}
