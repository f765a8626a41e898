"""Explanation of a user's access to a feature."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing import catalog
from billing.entitlement_resolution import ResolvedEntitlement, resolve
from billing.models import FeatureAccess, Subscription, SubscriptionPlan
from billing.services.feature_access import active_overrides_by_user
from billing.services.plan_access import access_of


@dataclass(frozen=True)
class Explanation:
    """`verdict` is the decision and `beneath` the one without the override, None without an override. `access` is the row."""

    feature_name: str
    verdict: ResolvedEntitlement
    beneath: ResolvedEntitlement | None
    access: FeatureAccess | None
    plans: tuple[str, ...]


def explain_feature(*, user: Any, feature: str, now: datetime) -> Explanation:
    """Resolve a feature at `now` with its reason, without using a row. `plans` are the offered plans that include it."""
    subscription = Subscription.objects.for_user(user).select_related("plan").order_by("-created_at", "-id")
    newest = subscription.running().first() or subscription.first()
    access = access_of([newest], now=now)[0][1] if newest else None
    planned = newest.plan.entitlements().get(feature) if newest else None
    override = active_overrides_by_user([user.pk], now).get(user.pk, {}).get(feature)
    free = catalog.FREE_FEATURES.get(feature)
    beneath = resolve(override=None, access=access, planned=planned, free=free)
    row = FeatureAccess.objects.for_user(user).filter(feature_name=feature).with_billing_period().first()
    names = dict.fromkeys(plan.name for plan in SubscriptionPlan.objects.offered().opening(feature))
    return Explanation(
        feature_name=feature,
        verdict=resolve(override=override, access=access, planned=planned, free=free),
        beneath=beneath if override else None,
        access=row,
        plans=tuple(names),
    )
