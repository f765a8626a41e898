"""Products and prices. The amount of a price never changes. A new price can take over its lookup key."""

from typing import Any

from dev.stripe.account import Account, set_metadata
from dev.stripe.errors import ApiError, missing_parameter
from dev.stripe.events import emit, updating
from dev.stripe.ids import new_id
from dev.stripe.new_objects import new_object
from dev.stripe.pagination import PAGING, newest_first, page
from dev.stripe.parameters import Table, boolean, each, fields, metadata, natural, one_of, span, text, url
from dev.stripe.resources.standard import retrieve_route
from dev.stripe.routes import route
from dev.stripe.store import Obj

PRODUCT: Table = {
    "name!": text,
    "id": text,
    "type": one_of("service", "good"),
    "active": boolean,
    "description": text,
    "metadata": metadata,
    "images": each(url),
    "url": url,
    "unit_label": text,
    "statement_descriptor": text,
    "tax_code": text,
}
PLAIN = ("active", "description", "images", "url", "unit_label", "statement_descriptor", "tax_code", "name")

retrieve_route("/v1/products", "product")
retrieve_route("/v1/prices", "price")


@route("POST /v1/products", PRODUCT)
def create_product(account: Account, given: dict[str, Any]) -> Obj:
    name, now = given.get("id") or new_id("prod"), account.now()
    if account.store.find(name):
        raise ApiError(f"Product already exists: {name}", code="resource_already_exists", param="id")
    product = new_object("product", id=name, created=now, type=given.get("type") or "service", updated=now)
    product.update({key: given[key] for key in PLAIN if key in given})
    set_metadata(product, given)
    account.store.add(product)
    emit(account, "product.created", product)
    return product


@route("GET /v1/products", {**PAGING, "active": boolean, "ids": each(text), "created": span, "url": text})
def list_products(account: Account, given: dict[str, Any]) -> Obj:
    found = newest_first(account, "product", given, "active", "url")
    return page("/v1/products", (one for one in found if one["id"] in (given.get("ids") or [one["id"]])), given)


RECURRING: Table = {
    "interval!": one_of("day", "week", "month", "year"),
    "interval_count": natural,
    "usage_type": one_of("licensed"),
    "trial_period_days": natural,
}
PRICE: Table = {
    "active": boolean,
    "nickname": text,
    "metadata": metadata,
    "lookup_key": text,
    "transfer_lookup_key": boolean,
    "tax_behavior": one_of("exclusive", "inclusive", "unspecified"),
}
NEW_PRICE: Table = {
    **PRICE,
    "currency!": text,
    "unit_amount!": natural,
    "product": text,
    "product_data": fields({"name!": text, "id": text, "metadata": metadata}),
    "recurring": fields(RECURRING),
    "billing_scheme": one_of("per_unit"),
}


@route("POST /v1/prices", NEW_PRICE)
def create_price(account: Account, given: dict[str, Any]) -> Obj:
    """Create a price in minor units, recurring or one-time."""
    product = price_product(account, given)
    recurring = given.get("recurring")
    if recurring is not None:
        recurring = {
            "interval": recurring["interval"],
            "interval_count": recurring.get("interval_count") or 1,
            "meter": None,
            "trial_period_days": recurring.get("trial_period_days"),
            "usage_type": "licensed",
        }
    price = account.store.add(
        new_object(
            "price",
            active=given.get("active", True),
            created=account.now(),
            currency=given["currency"].lower(),
            nickname=given.get("nickname"),
            product=product["id"],
            recurring=recurring,
            tax_behavior=given.get("tax_behavior") or "unspecified",
            type="recurring" if recurring else "one_time",
            unit_amount=given["unit_amount"],
            unit_amount_decimal=str(given["unit_amount"]),
        )
    )
    set_metadata(price, given)
    take_lookup_key(account, price, given)
    emit(account, "price.created", price)
    return price


def price_product(account: Account, given: dict[str, Any]) -> Obj:
    """Return the product of a new price, created from `product_data` if that is given."""
    if given.get("product_data"):
        return create_product(account, given["product_data"])
    if given.get("product") is None:
        raise missing_parameter("product")
    return account.find("product", given["product"], "product")


def take_lookup_key(account: Account, price: Obj, given: dict[str, Any]) -> None:
    """Assign a lookup key to a price. `transfer_lookup_key` removes it from another price."""
    key = given.get("lookup_key")
    for other in account.store.where("price", lookup_key=key) if key else []:
        if other["id"] != price["id"]:
            if not given.get("transfer_lookup_key"):
                raise ApiError(
                    f"A price (`{other['id']}`) already uses that lookup key, but can be updated to {key} "
                    "if you set `transfer_lookup_key=true`.",
                    param="lookup_key",
                )
            with updating(account, other):
                other["lookup_key"] = None
    if "lookup_key" in given:
        price["lookup_key"] = key


@route("POST /v1/prices/{id}", PRICE)
def update_price(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Update a price. Amount, currency and interval can't be changed and are refused as unknown."""
    price = account.find("price", name)
    with updating(account, price):
        price.update({key: given[key] for key in ("active", "nickname", "tax_behavior") if key in given})
        set_metadata(price, given)
        take_lookup_key(account, price, given)
    return price


FILTERS: Table = {
    **PAGING,
    "active": boolean,
    "currency": text,
    "product": text,
    "type": one_of("one_time", "recurring"),
    "lookup_keys": each(text),
    "recurring": fields({"interval": text, "usage_type": text}),
    "created": span,
}


@route("GET /v1/prices", FILTERS)
def list_prices(account: Account, given: dict[str, Any]) -> Obj:
    found = list(newest_first(account, "price", given, "active", "currency", "product", "type"))
    if given.get("lookup_keys"):
        found = [price for price in found if price["lookup_key"] in given["lookup_keys"]]
    for key, value in (given.get("recurring") or {}).items():
        found = [price for price in found if (price["recurring"] or {}).get(key) == value]
    return page("/v1/prices", found, given)
