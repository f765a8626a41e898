"""The amounts of an invoice: lines, discounts, taxes and totals, all in minor units.

A discount lowers the lines that are discountable, which prorations are not. Percentages are rounded half away from zero for
each line. An amount is divided among the lines in proportion to their amounts, and the parts add up to it. Taxes are
calculated for each line after its discounts.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from dev.stripe.account import Account
from dev.stripe.lifecycle.discounts import active_discounts, coupon_of
from dev.stripe.lifecycle.taxes import LineTax, place_of, tax_of_line
from dev.stripe.store import Obj

UNTAXED = ("customer_exempt", "reverse_charge")


def rounded(amount: Fraction) -> int:
    """Return the nearest integer, half away from zero."""
    sign = -1 if amount < 0 else 1
    return sign * int(abs(amount) + Fraction(1, 2))


def percent(value: float) -> Fraction:
    return Fraction(str(value)) / 100


def net_amount(line: Obj) -> int:
    """Return the amount of a line after its discounts."""
    return int(line["amount"]) - sum(entry["amount"] for entry in line["discount_amounts"])


def price_lines(account: Account, customer: Obj, subscription: Obj | None, lines: list[Obj], at: int) -> Obj:
    """Write the discounts and the taxes of lines at an instant. Return the fields of their invoice."""
    discounts = active_discounts(account, customer, subscription, at)
    discount_lines(account, lines, discounts)
    before_discount = 0
    for line in lines:
        tax = tax_of_line(account, customer, subscription, line)
        line["taxes"] = taxes_of(tax, net_amount(line))
        before_discount += sum(one["amount"] for one in taxes_of(tax, line["amount"]) if one["tax_behavior"] == "inclusive")
    is_automatic = subscription is not None and subscription["automatic_tax"]["enabled"]
    return {
        **totals(lines, before_discount),
        "discounts": [discount["id"] for discount in discounts],
        "automatic_tax": automatic_tax(customer, enabled=is_automatic),
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": [
            {"type": one["type"], "value": one["value"]} for one in account.store.where("tax_id", customer=customer["id"])
        ],
    }


def discount_lines(account: Account, lines: list[Obj], discounts: list[Obj]) -> None:
    """Write the amounts by which discounts lower the discountable lines, one discount after the other."""
    for line in lines:
        line.update(discounts=[], discount_amounts=[], pretax_credit_amounts=[])
    lowered = [line for line in lines if line["discountable"] and line["amount"] > 0]
    for discount in discounts:
        coupon = coupon_of(account, discount)
        rest = [net_amount(line) for line in lowered]
        if coupon["percent_off"] is not None:
            parts = [rounded(amount * percent(coupon["percent_off"])) for amount in rest]
        else:
            parts = divided(min(coupon["amount_off"], sum(rest)), rest)
        for line, part in zip(lowered, parts, strict=True):
            line["discounts"].append(discount["id"])
            line["discount_amounts"].append({"amount": part, "discount": discount["id"]})
            line["pretax_credit_amounts"].append({"amount": part, "discount": discount["id"], "type": "discount"})


def divided(amount: int, weights: list[int]) -> list[int]:
    """Divide an amount in proportion to weights, into parts that add up to it."""
    whole, given, seen, parts = sum(weights), 0, 0, []
    for weight in weights:
        seen += weight
        upto = rounded(Fraction(amount * seen, whole)) if whole else 0
        parts.append(upto - given)
        given = upto
    return parts


def taxes_of(tax: LineTax, amount: int) -> list[Obj]:
    """Return the taxes of a line's amount after discounts."""
    found = []
    included = sum((percent(rate["percentage"]) for rate in tax.rates if rate["inclusive"]), Fraction(0))
    base = Fraction(amount) / (1 + included)
    for rate in tax.rates:
        is_free = tax.reason in UNTAXED
        found.append(
            {
                "amount": 0 if is_free else rounded(base * percent(rate["percentage"])),
                "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
                "tax_rate_details": {"tax_rate": rate["id"]},
                "taxability_reason": tax.reason,
                "taxable_amount": 0 if is_free else rounded(base),
                "type": "tax_rate_details",
            }
        )
    return found


def totals(lines: list[Obj], included_before_discount: int) -> Obj:
    """Return the totals of lines that have their discounts and taxes."""
    subtotal = sum(line["amount"] for line in lines)
    discounts = summed((entry for line in lines for entry in line["discount_amounts"]), "discount")
    taxes = summed((tax for line in lines for tax in line["taxes"]), "tax_rate_details")
    exclusive, inclusive = (
        sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == kind) for kind in ("exclusive", "inclusive")
    )
    total = subtotal - sum(entry["amount"] for entry in discounts) + exclusive
    return {
        **dict.fromkeys(("amount_due", "amount_remaining"), max(total, 0)),
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - included_before_discount,
        "total": total,
        "total_discount_amounts": discounts,
        "total_excluding_tax": total - exclusive - inclusive,
        "total_pretax_credit_amounts": [{**entry, "type": "discount"} for entry in discounts],
        "total_taxes": taxes,
    }


def summed(entries: Iterable[Obj], name: str) -> list[Obj]:
    """Return the entries with the same value of a field as one, with the sum of their amounts."""
    found: dict[str, Any] = {}
    for entry in entries:
        one = found.setdefault(str(entry[name]), {**entry, "amount": 0, **({"taxable_amount": 0} if "type" in entry else {})})
        one["amount"] += entry["amount"]
        if "type" in entry:
            one["taxable_amount"] += entry["taxable_amount"]
    return list(found.values())


def automatic_tax(customer: Obj, *, enabled: bool) -> Obj:
    """Return the field `automatic_tax` of an invoice."""
    status = ("complete" if place_of(customer) else "requires_location_inputs") if enabled else None
    liability, provider = ({"type": "self"}, "stripe") if enabled else (None, None)
    return {"disabled_reason": None, "enabled": enabled, "liability": liability, "provider": provider, "status": status}
