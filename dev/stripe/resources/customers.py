"""Customers, and the ledger of their balance."""

from typing import Any

from dev.stripe.account import Account, set_metadata
from dev.stripe.cards import ADDRESS, resolved
from dev.stripe.errors import ApiError
from dev.stripe.events import emit, updating
from dev.stripe.ids import new_id
from dev.stripe.lifecycle.cancellation import end_subscription
from dev.stripe.lifecycle.invoices import change_balance
from dev.stripe.lifecycle.payments import attach
from dev.stripe.pagination import PAGING, newest_first, page
from dev.stripe.parameters import Table, each, email, fields, integer, metadata, span, text
from dev.stripe.resources.payment_methods import check_attachable
from dev.stripe.routes import route
from dev.stripe.store import Obj

PLAIN = ("name", "email", "description", "phone", "balance", "preferred_locales", "address")
FIELDS: Table = {
    "name": text,
    "email": email,
    "description": text,
    "phone": text,
    "balance": integer,
    "metadata": metadata,
    "preferred_locales": each(text),
    "address": fields(dict.fromkeys(ADDRESS, text)),
    "invoice_settings": fields({"default_payment_method": text}),
}


@route("POST /v1/customers", {**FIELDS, "payment_method": text, "test_clock": text})
def create(account: Account, given: dict[str, Any]) -> Obj:
    """A customer, perhaps with a card and by a test clock."""
    clock = given.get("test_clock")
    if clock:
        account.find("test_helpers.test_clock", clock, "test_clock")
    customer = new_customer(account, clock)
    given["balance"] = given.get("balance") or 0
    account.store.add(customer)
    method = keep_method(account, customer, given.get("payment_method"))
    write(account, customer, given, method)
    emit(account, "customer.created", customer)
    if method:
        emit(account, "payment_method.attached", method)
    return customer


def new_customer(account: Account, clock: str | None = None) -> Obj:
    """A customer of whom nothing is known. Numbers of invoices begin with `invoice_prefix`."""
    return {
        "id": new_id("cus"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": account.time_of(clock),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": new_id("x")[2:10].upper(),
        "invoice_settings": {"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None},
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": clock,
    }


def keep_method(account: Account, customer: Obj, name: str | None) -> Obj | None:
    """Attach the card that a new customer comes with."""
    if name is None:
        return None
    method = resolved(account, name, account.now(customer))
    check_attachable(method)
    method["customer"] = customer["id"]
    account.store.add(method)
    return method


def write(account: Account, customer: Obj, given: dict[str, Any], method: Obj | None = None) -> None:
    """Take over what was given."""
    customer.update({name: given[name] for name in PLAIN if name in given})
    set_metadata(customer, given.get("metadata"))
    settings = given.get("invoice_settings") or {}
    if "default_payment_method" in settings:
        customer["invoice_settings"]["default_payment_method"] = default(account, customer, settings, method)


def default(account: Account, customer: Obj, settings: dict[str, Any], method: Obj | None) -> str | None:
    """The id of a payment method that is the customer's. A test token means the one that was attached with it."""
    name, param = settings["default_payment_method"], "invoice_settings[default_payment_method]"
    if name is None or (method and name.startswith("pm_card_")):
        return method["id"] if name and method else None
    chosen = resolved(account, name, account.now(customer), param)
    if chosen["customer"] != customer["id"]:
        raise ApiError(
            f"The customer does not have a payment method with the ID {name}. "
            "The payment method must be attached to the customer.",
            code="resource_missing",
            param=param,
        )
    return str(chosen["id"])


@route("GET /v1/customers/{id}")
def retrieve(account: Account, given: dict[str, Any], name: str) -> Obj:
    """A customer; of a deleted one, that it is deleted."""
    return account.find("customer", name)


@route("POST /v1/customers/{id}", FIELDS)
def update(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Change a customer. A new balance is written to the ledger as an adjustment."""
    customer = find_customer(account, name)
    balance = given.pop("balance", None)
    with updating(account, customer, "customer.updated"):
        write(account, customer, given)
    if balance is not None and balance != customer["balance"]:
        change_balance(account, customer, balance - customer["balance"], "adjustment")
    return customer


def find_customer(account: Account, name: str, param: str = "id") -> Obj:
    """A customer that isn't deleted."""
    customer = account.find("customer", name, param)
    if customer.get("deleted"):
        raise ApiError(f"No such customer: '{name}'", status=404, code="resource_missing", param=param)
    return customer


@route("DELETE /v1/customers/{id}")
def delete(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Delete a customer and end the subscriptions."""
    customer = find_customer(account, name)
    for subscription in account.store.where("subscription", customer=name):
        if subscription["ended_at"] is None:
            end_subscription(account, subscription, "cancellation_requested")
    emit(account, "customer.deleted", customer)
    customer["deleted"] = True
    return customer


@route("GET /v1/customers", {**PAGING, "email": email, "created": span, "test_clock": text})
def listed(account: Account, given: dict[str, Any]) -> Obj:
    """Customers, by exact e-mail address; those of test clocks only when their clock is named."""
    found = newest_first(account, "customer", given, "email", "test_clock")
    clock = given.get("test_clock")
    return page(
        account, "/v1/customers", [one for one in found if not one.get("deleted") and one["test_clock"] == clock], given
    )


TRANSACTION: Table = {"amount!": integer, "currency!": text, "description": text, "metadata": metadata}


@route("POST /v1/customers/{id}/balance_transactions", TRANSACTION)
def create_transaction(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Credit (negative) or charge the balance."""
    customer = find_customer(account, name)
    customer["currency"] = customer["currency"] or given["currency"]
    if customer["currency"] != given["currency"]:
        raise ApiError(f"Customer {name} has a currency of {customer['currency']}.", param="currency")
    more = {"description": given.get("description"), "metadata": {k: v for k, v in (given.get("metadata") or {}).items() if v}}
    return change_balance(account, customer, given["amount"], "adjustment", currency=given["currency"], **more)


@route("GET /v1/customers/{id}/balance_transactions", {**PAGING, "created": span, "invoice": text})
def list_transactions(account: Account, given: dict[str, Any], name: str) -> Obj:
    """The ledger of the balance."""
    account.find("customer", name)
    found = newest_first(account, "customer_balance_transaction", {**given, "customer": name}, "customer", "invoice")
    return page(account, f"/v1/customers/{name}/balance_transactions", found, given)


@route("GET /v1/customers/{id}/balance_transactions/{transaction}")
def retrieve_transaction(account: Account, given: dict[str, Any], name: str, transaction: str) -> Obj:
    """One line of the ledger."""
    return account.find("customer_balance_transaction", transaction)


@route("GET /v1/customers/{id}/payment_methods", {**PAGING, "type": text})
def list_methods(account: Account, given: dict[str, Any], name: str) -> Obj:
    """The customer's payment methods."""
    account.find("customer", name)
    found = newest_first(account, "payment_method", {**given, "customer": name}, "customer", "type")
    return page(account, f"/v1/customers/{name}/payment_methods", found, given)


@route("GET /v1/customers/{id}/payment_methods/{method}")
def retrieve_method(account: Account, given: dict[str, Any], name: str, method: str) -> Obj:
    """One of the customer's payment methods."""
    return account.find("payment_method", method)


def attach_to(account: Account, method: Obj, customer: Obj) -> None:
    """Keep a payment method, if its card lets itself be kept."""
    check_attachable(method)
    attach(account, method, customer)
