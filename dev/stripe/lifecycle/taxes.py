"""Tax: the rates that a subscription or its items name, or a table of rates by the customer's address.

The table has standard rates of a few places. A place that is not in it is one where the account does not collect tax.
"""

from dataclasses import dataclass, field

from dev.stripe.account import Account
from dev.stripe.errors import ApiError
from dev.stripe.new_objects import new_object
from dev.stripe.store import Obj

EU = ("DE", "ES", "FR", "IT", "NL")
RATES = {  # by country, or country and state: type, name, percentage
    "CH": ("vat", "MWST", 8.1),
    "DE": ("vat", "VAT", 19.0),
    "ES": ("vat", "VAT", 21.0),
    "FR": ("vat", "VAT", 20.0),
    "GB": ("vat", "VAT", 20.0),
    "IT": ("vat", "VAT", 22.0),
    "JP": ("jct", "JCT", 10.0),
    "NL": ("vat", "VAT", 21.0),
    "US-CA": ("sales_tax", "Sales tax", 7.25),
    "US-TX": ("sales_tax", "Sales tax", 6.25),
}
EXCLUSIVE_BY_DEFAULT = ("usd", "cad")  # the account's default for prices whose tax behavior is not specified
NO_LOCATION = "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax."


@dataclass(frozen=True)
class LineTax:
    """The rates of a line. For an exempt customer the rates are listed with an amount of 0."""

    rates: list[Obj] = field(default_factory=list)
    reason: str = "standard_rated"


def place_of(customer: Obj) -> str:
    """Return the customer's place as the table names it, "" without a country."""
    address = customer["address"] or {}
    country, state = address.get("country") or "", address.get("state") or ""
    return f"{country}-{state}" if country == "US" and state else country


def require_location(customer: Obj) -> None:
    """Raise ApiError if tax can't be calculated automatically for a customer without a country."""
    if not place_of(customer):
        raise ApiError(NO_LOCATION, code="customer_tax_location_invalid", param="automatic_tax[enabled]")


def tax_of_line(account: Account, customer: Obj, subscription: Obj | None, line: Obj) -> LineTax:
    """Return the tax of a line: its own rates, else the table's or the subscription's default rates."""
    own = line["_"].get("rates")
    if own is not None:
        rates = [account.find("tax_rate", name, "tax_rates") for name in own]
    elif subscription is None:
        rates = []
    elif subscription["automatic_tax"]["enabled"]:
        rates = automatic_rates(account, customer, line)
    else:
        rates = subscription["default_tax_rates"]
    return LineTax(rates, reason_of(account, customer))


def reason_of(account: Account, customer: Obj) -> str:
    """Return why a customer is taxed or not."""
    if customer["tax_exempt"] == "exempt":
        return "customer_exempt"
    is_business = any(one["type"] == "eu_vat" for one in account.store.where("tax_id", customer=customer["id"]))
    if customer["tax_exempt"] == "reverse" or is_business and place_of(customer) in EU:
        return "reverse_charge"
    return "standard_rated"


def automatic_rates(account: Account, customer: Obj, line: Obj) -> list[Obj]:
    """Return the rate of the customer's place, inclusive or exclusive as the line's price says."""
    found = RATES.get(place_of(customer))
    if found is None:
        return []
    pricing = line["pricing"]
    price = account.store.find(pricing["price_details"]["price"]) if pricing else None
    behavior = price["tax_behavior"] if price else "unspecified"
    is_inclusive = behavior == "inclusive" or behavior == "unspecified" and line["currency"] not in EXCLUSIVE_BY_DEFAULT
    return [table_rate(account, place_of(customer), *found, inclusive=is_inclusive)]


def table_rate(account: Account, place: str, kind: str, label: str, percentage: float, *, inclusive: bool) -> Obj:
    """Return the tax rate object of a row of the table."""
    name = f"txr_{place.replace('-', '').lower()}{'inclusive' if inclusive else 'exclusive'}"
    country, _, state = place.partition("-")
    return account.store.find(name) or account.store.add(
        new_object(
            "tax_rate",
            id=name,
            active=False,
            country=country,
            created=account.now(),
            display_name=label,
            effective_percentage=percentage,
            inclusive=inclusive,
            jurisdiction=state or country,
            jurisdiction_level="state" if state else "country",
            percentage=percentage,
            state=state or None,
            tax_type=kind,
        )
    )
