"""Customers and the transactions of their balance."""

from typing import Any

from dev.stripe.account import Account, new_metadata, set_metadata
from dev.stripe.errors import ApiError, no_such
from dev.stripe.events import emit, updating
from dev.stripe.ids import new_id
from dev.stripe.lifecycle.cancellation import end_subscription
from dev.stripe.lifecycle.invoices import change_balance
from dev.stripe.lifecycle.payments import save_method
from dev.stripe.new_objects import new_object
from dev.stripe.pagination import PAGING, newest_first, page
from dev.stripe.parameters import Table, each, email, fields, integer, metadata, one_of, span, text
from dev.stripe.payment_methods import ADDRESS, name_of_token, resolved
from dev.stripe.resources.standard import retrieve_route
from dev.stripe.routes import route
from dev.stripe.store import Obj

PLAIN = ("name", "email", "description", "phone", "balance", "preferred_locales", "address", "tax_exempt")
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
    "tax_exempt": one_of("exempt", "none", "reverse"),
}

retrieve_route("/v1/customers", "customer")
retrieve_route("/v1/customers/{id}/balance_transactions", "customer_balance_transaction")
retrieve_route("/v1/customers/{id}/payment_methods", "payment_method")


@route("POST /v1/customers", {**FIELDS, "payment_method": text, "test_clock": text})
def create(account: Account, given: dict[str, Any]) -> Obj:
    clock = given.get("test_clock")
    if clock:
        account.find("test_helpers.test_clock", clock, "test_clock")
    customer = new_customer(account, clock)
    given["balance"] = given.get("balance") or 0
    account.store.add(customer)
    method = resolved(account, given["payment_method"], account.now(customer)) if given.get("payment_method") else None
    if method:
        save_method(account, method, customer)
    write(account, customer, given, method)
    emit(account, "customer.created", customer)
    if method:
        emit(account, "payment_method.attached", method)
    return customer


def new_customer(account: Account, clock: str | None = None) -> Obj:
    """Return a customer without details. Invoice numbers begin with its `invoice_prefix`."""
    prefix = new_id("x")[2:10].upper()
    return new_object("customer", created=account.time_of(clock), invoice_prefix=prefix, test_clock=clock)


def session_customer(account: Account, session: Obj, email: str | None) -> Obj:
    """Return the customer of a checkout session: the one that it was created for, or a new one with this email address."""
    return account.find("customer", session["customer"]) if session["customer"] else {**new_customer(account), "email": email}


def write(account: Account, customer: Obj, given: dict[str, Any], method: Obj | None = None) -> None:
    customer.update({name: given[name] for name in PLAIN if name in given})
    set_metadata(customer, given)
    settings = given.get("invoice_settings") or {}
    if "default_payment_method" in settings:
        chosen = default_method(account, customer, settings["default_payment_method"], method)
        customer["invoice_settings"]["default_payment_method"] = chosen


def default_method(account: Account, customer: Obj, name: str | None, method: Obj | None) -> str | None:
    """Return the id of a payment method of the customer. A test token refers to `method`, which it created."""
    param = "invoice_settings[default_payment_method]"
    if name is None or (method and name_of_token(name)):
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


@route("POST /v1/customers/{id}", FIELDS)
def update(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Update a customer. A new balance creates a transaction of the type `adjustment`."""
    customer = find_customer(account, name)
    balance = given.pop("balance", None)
    with updating(account, customer):
        write(account, customer, given)
    if balance is not None and balance != customer["balance"]:
        change_balance(account, customer, balance - customer["balance"], "adjustment")
    return customer


def find_customer(account: Account, name: str) -> Obj:
    customer = account.find("customer", name)
    if customer.get("deleted"):
        raise no_such("customer", name)
    return customer


@route("DELETE /v1/customers/{id}")
def delete(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Delete a customer and cancel their subscriptions."""
    customer = find_customer(account, name)
    for subscription in account.store.where("subscription", customer=name):
        if subscription["ended_at"] is None:
            end_subscription(account, subscription, "cancellation_requested")
    emit(account, "customer.deleted", customer)
    customer["deleted"] = True
    return customer


@route("GET /v1/customers", {**PAGING, "email": email, "created": span, "test_clock": text})
def listed(account: Account, given: dict[str, Any]) -> Obj:
    """List customers by exact email address. Customers of a test clock are only listed if it is given."""
    found = newest_first(account, "customer", given, "email", "test_clock")
    found = (one for one in found if not one.get("deleted") and one["test_clock"] == given.get("test_clock"))
    return page("/v1/customers", found, given)


TRANSACTION: Table = {"amount!": integer, "currency!": text, "description": text, "metadata": metadata}


@route("POST /v1/customers/{id}/balance_transactions", TRANSACTION)
def create_transaction(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Credit (negative) or charge the balance."""
    customer = find_customer(account, name)
    customer["currency"] = customer["currency"] or given["currency"]
    if customer["currency"] != given["currency"]:
        raise ApiError(f"Customer {name} has a currency of {customer['currency']}.", param="currency")
    more = {"description": given.get("description"), "metadata": new_metadata(given)}
    return change_balance(account, customer, given["amount"], "adjustment", currency=given["currency"], **more)


@route("GET /v1/customers/{id}/balance_transactions", {**PAGING, "created": span, "invoice": text})
def list_transactions(account: Account, given: dict[str, Any], name: str) -> Obj:
    account.find("customer", name)
    found = newest_first(account, "customer_balance_transaction", {**given, "customer": name}, "customer", "invoice")
    return page(f"/v1/customers/{name}/balance_transactions", found, given)


@route("GET /v1/customers/{id}/payment_methods", {**PAGING, "type": text})
def list_methods(account: Account, given: dict[str, Any], name: str) -> Obj:
    account.find("customer", name)
    found = newest_first(account, "payment_method", {**given, "customer": name}, "customer", "type")
    return page(f"/v1/customers/{name}/payment_methods", found, given)
