"""The parser of the lines of an invoice that charge recurring prices, in Stripe's units, in old and new API versions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from billing.stripe.objects import StripeInvoice, StripeLine, parse_invoice
from billing.stripe.terms import StripeDiscount, parse_discounts, price_of
from billing.stripe.values import Object, instant


def parse_invoice_with_lines(obj: Object) -> StripeInvoice:
    """Parse an invoice and its lines that charge recurring prices."""
    return replace(parse_invoice(obj), lines=parse_lines(obj))


def parse_lines(invoice: Object) -> tuple[StripeLine, ...]:
    """Parse the lines of recurring prices. Other lines, such as one-time items, are left out.

    `discounts.source.coupon` must be expanded: a discount of unknown duration counts as a recurring one.
    """
    found = (invoice.get("lines") or {}).get("data") or []
    discounts = parse_discounts(invoice)
    return tuple(line for obj in found for line in _parse_line(obj, discounts))


def _parse_line(obj: Object, discounts: Sequence[StripeDiscount]) -> Iterator[StripeLine]:
    parent = obj.get("parent") or {}
    item = parent.get("subscription_item_details") or {}
    details = item or parent.get("invoice_item_details") or {}
    is_proration = bool(details.get("proration") or obj.get("proration"))
    is_recurring = bool(item) or is_proration or obj.get("type") == "subscription"
    period, amount = obj.get("period") or {}, Decimal(obj.get("amount") or 0)
    starts_at, ends_at, price_id = instant(period.get("start")), instant(period.get("end")), _price_id(obj)
    credited = (details.get("proration_details") or obj.get("proration_details") or {}).get("credited_items")
    is_credit = is_proration and (amount < 0 or credited is not None)
    is_empty = is_proration and amount == 0 and not is_credit
    if not is_recurring or is_empty or not price_id or starts_at is None or ends_at is None or ends_at <= starts_at:
        return
    price = _price(obj)
    if price is not None and is_proration and not obj.get("discount_amounts"):  # its amount includes the discounts
        price = _discounted(price, [one for one in discounts if one.duration != "once"])
    yield StripeLine(
        price_id=price_id,
        starts_at=starts_at,
        ends_at=ends_at,
        is_proration=is_proration,
        is_credit=is_credit,
        price=price,
        amount=amount,
        net=_net(obj, amount, {one.id for one in discounts if one.duration == "once"}),
    )


def _net(obj: Object, amount: Decimal, once: set[str]) -> Decimal:
    """Return an amount after recurring discounts and without the tax in it; 0 if nothing is left to charge."""
    taken = {False: Decimal(0), True: Decimal(0)}
    for entry in obj.get("discount_amounts") or ():
        discount = entry.get("discount")
        key = discount["id"] if isinstance(discount, dict) else discount
        taken[key in once] += entry.get("amount") or 0
    charged = amount - taken[False] - taken[True]
    taxes = [*(obj.get("taxes") or ()), *(obj.get("tax_amounts") or ())]
    included = sum(tax.get("amount") or 0 for tax in taxes if tax.get("tax_behavior") == "inclusive" or tax.get("inclusive"))
    return (amount - taken[False]) * (charged - included) / charged if charged > 0 else Decimal(0)


def _discounted(price: Decimal, discounts: Iterable[StripeDiscount]) -> Decimal:
    """Return a price after recurring discounts, which the amount of a proration includes."""
    for one in discounts:
        price -= price * one.percent_off / 100 if one.percent_off is not None else min(price, Decimal(one.amount_off or 0))
    return price


def _price_id(obj: Object) -> str:
    found = ((obj.get("pricing") or {}).get("price_details") or {}).get("price") or price_of(obj)
    return str(found["id"] if isinstance(found, dict) else found or "")


def _price(obj: Object) -> Decimal | None:
    old = price_of(obj)
    unit = (obj.get("pricing") or {}).get("unit_amount_decimal")
    if unit is None and isinstance(old, dict):
        unit = old.get("unit_amount_decimal") or old.get("unit_amount") or old.get("amount")
    return None if unit is None else Decimal(unit) * (1 if obj.get("quantity") is None else obj["quantity"])
