"""Invoice items, which are added to the next invoice. Requests and prorations create them."""

from typing import Any

from dev.stripe.account import Account, new_metadata
from dev.stripe.events import emit
from dev.stripe.lifecycle.invoice_lines import new_invoice_item
from dev.stripe.pagination import PAGING, newest_first, page
from dev.stripe.parameters import Table, boolean, integer, metadata, span, text
from dev.stripe.resources.standard import retrieve_route
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

retrieve_route("/v1/invoiceitems", "invoiceitem")


@route("POST /v1/invoiceitems", CREATE)
def create(account: Account, given: dict[str, Any]) -> Obj:
    """Create an item. Its amount is in minor units, negative for a credit."""
    customer = account.find("customer", given["customer"], "customer")
    currency = given.get("currency") or customer["currency"] or "usd"
    more = {"subscription": given.get("subscription"), "metadata": new_metadata(given)}
    item = new_invoice_item(account, customer, given["amount"], currency, given.get("description") or "", **more)
    emit(account, "invoiceitem.created", item)
    return item


@route("GET /v1/invoiceitems", {**PAGING, "customer": text, "invoice": text, "pending": boolean, "created": span})
def listed(account: Account, given: dict[str, Any]) -> Obj:
    found = newest_first(account, "invoiceitem", given, "customer", "invoice")
    if given.get("pending") is not None:
        found = (item for item in found if (item["invoice"] is None) == given["pending"])
    return page("/v1/invoiceitems", found, given)
