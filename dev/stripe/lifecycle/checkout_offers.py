"""The parts of a checkout session besides its prices: discounts, promotion codes, automatic tax and tax ids."""

from dataclasses import dataclass
from typing import Any

from dev.stripe.account import Account
from dev.stripe.errors import ApiError
from dev.stripe.events import updating
from dev.stripe.lifecycle.discounts import is_redeemable, redeemed_coupon
from dev.stripe.lifecycle.taxes import place_of
from dev.stripe.new_objects import new_object
from dev.stripe.store import Obj

NO_ADDRESS = (
    "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the Customer or "
    "set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' to save the address entered in "
    "Checkout to the Customer."
)
NO_NAME = (
    "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an existing customer, "
    "please set `customer_update[name]` to `auto`."
)


@dataclass(frozen=True)
class Entries:
    """The entries of a customer on the page, each only if the session asks for it."""

    promotion_code: str = ""
    country: str = ""
    state: str = ""
    tax_id: str = ""


NO_ENTRIES = Entries()


def write_offer(account: Account, session: Obj, customer: Obj | None, given: dict[str, Any]) -> None:
    """Write the discounts, automatic tax and tax id collection of a new session. Raise ApiError if they don't fit together."""
    if given.get("discounts") and given.get("allow_promotion_codes"):
        message = "You may only specify one of these parameters: allow_promotion_codes, discounts."
        raise ApiError(message, param="allow_promotion_codes")
    updates = given.get("customer_update") or {}
    is_taxed = bool((given.get("automatic_tax") or {}).get("enabled"))
    collects_ids = bool((given.get("tax_id_collection") or {}).get("enabled"))
    if is_taxed and customer and not place_of(customer) and updates.get("address") != "auto":
        raise ApiError(NO_ADDRESS, code="customer_tax_location_invalid", param="automatic_tax[enabled]")
    if collects_ids and customer and updates.get("name") != "auto":
        raise ApiError(NO_NAME, param="tax_id_collection[enabled]")
    session["automatic_tax"]["enabled"] = is_taxed
    if is_taxed:
        session["automatic_tax"].update(liability={"type": "self"}, provider="stripe", status="requires_location_inputs")
    session["tax_id_collection"] = {"enabled": collects_ids, "required": "never", **(given.get("tax_id_collection") or {})}
    for number, entry in enumerate(given.get("discounts") or []):
        redeemed_coupon(account, entry, f"discounts[{number}]", account.now(session), session["currency"])
        session["discounts"].append({"coupon": entry.get("coupon"), "promotion_code": entry.get("promotion_code")})


def apply_entries(account: Account, session: Obj, customer: Obj, entries: Entries) -> None:
    """Apply what the customer enters. Raise ApiError for an unknown code, or for tax without a country."""
    if entries.promotion_code:
        enter_code(account, session, entries.promotion_code)
    if entries.country:
        empty = dict.fromkeys(("city", "line1", "line2", "postal_code"))
        with updating(account, customer):
            customer["address"] = {**empty, "country": entries.country, "state": entries.state or None}
    if session["automatic_tax"]["enabled"] and not place_of(customer):
        raise ApiError("Please enter your country.")
    if entries.tax_id:
        if not session["tax_id_collection"]["enabled"]:
            raise ApiError("This page does not ask for a tax ID.")
        fields = {"customer": customer["id"], "owner": {"customer": customer["id"], "type": "customer"}}
        made = new_object(
            "tax_id", created=account.now(customer), type="eu_vat", value=entries.tax_id, country=entries.tax_id[:2], **fields
        )
        account.store.add(made)


def enter_code(account: Account, session: Obj, text: str) -> None:
    """Add the discount of a promotion code to a session."""
    if not session["allow_promotion_codes"]:
        raise ApiError("This page does not take promotion codes.")
    found = account.store.where("promotion_code", active=True)
    code = next((one for one in found if one["code"].lower() == text.lower()), None)
    if code is None or not is_redeemable(code, account.now(session)):
        raise ApiError("This code is invalid.", code="promotion_code_invalid")
    session["discounts"] = [{"coupon": None, "promotion_code": code["id"]}]


def terms_of(session: Obj) -> dict[str, Any]:
    """Return the parameters of the subscription that a session sells."""
    discounts = [{key: value for key, value in entry.items() if value} for entry in session["discounts"]]
    automatic = {"automatic_tax": {"enabled": True}} if session["automatic_tax"]["enabled"] else {}
    return {**automatic, "discounts": discounts, "checkout_session": session["id"]}


def write_totals(session: Obj, invoice: Obj) -> None:
    """Write the totals of a completed session, which are those of the first invoice."""
    discount, tax = (sum(entry["amount"] for entry in invoice[name]) for name in ("total_discount_amounts", "total_taxes"))
    session.update(amount_subtotal=invoice["subtotal"], amount_total=invoice["total"])
    session["total_details"] = {"amount_discount": discount, "amount_shipping": 0, "amount_tax": tax}
    if session["automatic_tax"]["enabled"]:
        session["automatic_tax"]["status"] = "complete"
