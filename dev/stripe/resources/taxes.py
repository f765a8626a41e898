"""Tax rates, and the tax ids of customers."""

from typing import Any

from dev.stripe.account import Account, set_metadata
from dev.stripe.errors import ApiError
from dev.stripe.events import emit
from dev.stripe.new_objects import new_object
from dev.stripe.pagination import PAGING, newest_first, page
from dev.stripe.parameters import Table, boolean, metadata, span, text
from dev.stripe.resources.discounts import percentage
from dev.stripe.resources.standard import list_route, retrieve_route, update_route
from dev.stripe.routes import route
from dev.stripe.store import Obj

VAT_COUNTRIES = {"ATU": "AT", "DE": "DE", "ES": "ES", "FR": "FR", "IT": "IT", "NL": "NL"}  # by the beginning of an eu_vat
RATE: Table = {
    "active": boolean,
    "country": text,
    "description": text,
    "display_name": text,
    "jurisdiction": text,
    "state": text,
}

retrieve_route("/v1/tax_rates", "tax_rate")
list_route("/v1/tax_rates", "tax_rate", {"active": boolean, "inclusive": boolean, "created": span})
update_route("/v1/tax_rates", "tax_rate", RATE)
retrieve_route("/v1/customers/{id}/tax_ids", "tax_id")


@route(
    "POST /v1/tax_rates",
    {**RATE, "display_name!": text, "inclusive!": boolean, "percentage!": percentage, "tax_type": text, "metadata": metadata},
)
def create_rate(account: Account, given: dict[str, Any]) -> Obj:
    plain = {key: value for key, value in given.items() if key != "metadata"}
    rate = new_object("tax_rate", created=account.now(), **plain, effective_percentage=None)
    set_metadata(rate, given)
    emit(account, "tax_rate.created", rate)
    return account.store.add(rate)


@route("POST /v1/customers/{id}/tax_ids", {"type!": text, "value!": text})
def create_tax_id(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Add a tax id, such as the type `eu_vat` with the value `DE123456789`."""
    return new_tax_id(account, account.find("customer", name), given["type"], given["value"])


def new_tax_id(account: Account, customer: Obj, kind: str, value: str) -> Obj:
    country = next((code for start, code in VAT_COUNTRIES.items() if value.startswith(start)), None)
    if kind == "eu_vat" and country is None:
        raise ApiError(f"Invalid value for eu_vat: {value}", code="tax_id_invalid", param="value")
    made = account.store.add(
        new_object(
            "tax_id",
            country=country,
            created=account.now(customer),
            customer=customer["id"],
            owner={"customer": customer["id"], "type": "customer"},
            type=kind,
            value=value,
        )
    )
    emit(account, "customer.tax_id.created", made)
    return made


@route("GET /v1/customers/{id}/tax_ids", PAGING)
def list_tax_ids(account: Account, given: dict[str, Any], name: str) -> Obj:
    account.find("customer", name)
    found = newest_first(account, "tax_id", {**given, "customer": name}, "customer")
    return page(f"/v1/customers/{name}/tax_ids", found, given)
