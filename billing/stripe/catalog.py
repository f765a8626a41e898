"""Sync of the plans to Stripe: one product for each tier and one price for each plan, identified by our own keys.

Prices are immutable at Stripe. For a new amount, a new price is created and the old one is deactivated. Existing subscriptions
keep their price.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.text import slugify

from billing.models import SubscriptionPlan
from billing.models.plans import BillingCycle
from billing.stripe import client as stripe_client
from billing.stripe.checkout import close_pages, open_pages_with_former_prices
from billing.stripe.values import to_minor_units

INTERVALS = {BillingCycle.MONTHLY: "month", BillingCycle.YEARLY: "year"}


@dataclass(frozen=True)
class CatalogSyncStep:
    """A step that brings Stripe in line with a plan: its description and the function that applies it."""

    sentence: str
    apply: Callable[[], object]


def catalog_sync_steps() -> Iterator[CatalogSyncStep]:
    """Yield the steps, in order, that bring Stripe in line with the plans; none if it is up to date."""
    plans = list(SubscriptionPlan.objects.order_by("name", "billing_cycle"))
    products = stripe_client.list_all("products", ids=sorted({product_id(plan) for plan in plans}))
    known = {product["id"] for product in products}
    # Stripe accepts at most ten lookup keys
    found = stripe_client.list_all("prices", lookup_keys=[lookup_key(plan) for plan in plans], active=True)
    prices = {price["lookup_key"]: price for price in found}
    has_former_price = False
    for plan in plans:
        if product_id(plan) not in known and plan.is_active:
            known.add(product_id(plan))
            yield CatalogSyncStep(f"Create the product {plan.name}", partial(_create_product, plan))
        price = prices.get(lookup_key(plan))
        if not plan.is_active:
            if price is not None:
                has_former_price = True
                yield CatalogSyncStep(f"Deactivate the price of {plan}", partial(_deactivate_price, price["id"]))
        elif price is None or not _is_same(plan, price):
            old, has_former_price = f" instead of {price['id']}" if price else "", has_former_price or price is not None
            sentence = f"Create the price {plan.price} {plan.currency} of {plan}{old}"
            yield CatalogSyncStep(sentence, partial(_create_price, plan, price))
        elif (plan.stripe_price_id, plan.stripe_product_id) != (price["id"], price["product"]):
            yield CatalogSyncStep(f"Store the price {price['id']} of {plan}", partial(_store_price_ids, plan, price))
    if has_former_price or open_pages_with_former_prices(_prices_for_sale()):
        yield CatalogSyncStep("Close the open checkout pages with a former price", _close_outdated_pages)


def _prices_for_sale() -> set[str]:
    return set(SubscriptionPlan.objects.offered().values_list("stripe_price_id", flat=True))


def _close_outdated_pages() -> None:
    """Close the pages that sell a former price, among them those that were opened since the steps were listed."""
    close_pages(open_pages_with_former_prices(_prices_for_sale()))


def product_id(plan: SubscriptionPlan) -> str:
    """Return our key of a tier's product, which is also its ID at Stripe."""
    return f"mingus-{slugify(plan.name)}"


def lookup_key(plan: SubscriptionPlan) -> str:
    """Return our key of a plan's price. It is transferred to the new price when the amount changes."""
    return f"{product_id(plan)}-{plan.billing_cycle}"


def _is_same(plan: SubscriptionPlan, price: dict[str, Any]) -> bool:
    wanted = (to_minor_units(plan.price, plan.currency), plan.currency.lower(), INTERVALS[BillingCycle(plan.billing_cycle)])
    return wanted == (price["unit_amount"], price["currency"], price["recurring"]["interval"])


def _create_product(plan: SubscriptionPlan) -> None:
    parameters = {"id": product_id(plan), "name": plan.name, **({"description": plan.description} if plan.description else {})}
    stripe_client.write("products.create", parameters, key=f"product-{product_id(plan)}")


def _create_price(plan: SubscriptionPlan, old: dict[str, Any] | None) -> None:
    amount = to_minor_units(plan.price, plan.currency)
    parameters = {
        "product": product_id(plan),
        "currency": plan.currency.lower(),
        "unit_amount": amount,
        "recurring": {"interval": INTERVALS[BillingCycle(plan.billing_cycle)]},
        "lookup_key": lookup_key(plan),
        "transfer_lookup_key": True,
        "metadata": {"plan_id": str(plan.pk)},
    }
    key = f"price-{lookup_key(plan)}-{plan.currency}-{amount}-{old['id'] if old else 'first'}"
    price = stripe_client.write("prices.create", parameters, key=key)
    if old is not None:
        _deactivate_price(old["id"])
    _store_price_ids(plan, price)


def _deactivate_price(price: str) -> None:
    stripe_client.write("prices.update", price, {"active": False}, key=f"retire-{price}")


def _store_price_ids(plan: SubscriptionPlan, price: dict[str, Any]) -> None:
    plan.stripe_product_id, plan.stripe_price_id = price["product"], price["id"]
    plan.save(update_fields=["stripe_product_id", "stripe_price_id"])
