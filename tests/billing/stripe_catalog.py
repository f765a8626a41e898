"""The catalog at the emulator: published with `sync_plans` once for each set of plans, and copied for each test."""

from datetime import datetime
from io import StringIO
from typing import Any

from django.core.management import call_command

from billing.models import SubscriptionPlan
from billing.stripe.catalog import lookup_key
from dev.stripe.emulator import StripeEmulator

Signature = tuple[Any, ...]
SIGNED = ("name", "description", "billing_cycle", "price", "currency", "is_active", "stripe_product_id", "stripe_price_id")
_published: dict[Signature, list[dict[str, Any]]] = {}


def publish_catalog(emulator: StripeEmulator, now: datetime) -> None:
    """Put the plans' products and prices into an empty emulator, and their IDs into the plans, as `sync_plans` does.

    Their events are left out, because `handle_event` ignores them and each test would spend a tenth of a second on them.
    """
    plans = list(SubscriptionPlan.objects.order_by("name", "billing_cycle"))
    key = tuple(tuple(getattr(plan, name) for name in SIGNED) for plan in plans)
    if key not in _published:
        call_command("sync_plans", stdout=StringIO())
        _published[key] = emulator.send_command("read_catalog")["objects"]
        emulator.drop_state(everything=True)
        emulator.freeze(now)
    prices = {found["lookup_key"]: found for found in _published[key] if found["object"] == "price"}
    sold = [plan for plan in plans if lookup_key(plan) in prices]
    for plan in sold:
        price = prices[lookup_key(plan)]
        price["metadata"] = {"plan_id": str(plan.pk)}
        plan.stripe_product_id, plan.stripe_price_id = price["product"], price["id"]
    emulator.send_command("store_catalog", objects=_published[key])
    SubscriptionPlan.objects.bulk_update(sold, ["stripe_product_id", "stripe_price_id"])
