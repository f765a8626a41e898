"""Explanation of a user's access to a feature."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper

from billing import catalog
from billing.entitlement_resolution import ResolvedEntitlement, resolve
from billing.models import EntitlementOverride, FeatureAccess, Subscription, SubscriptionPlan
from billing.models.plans import known_features
from billing.models.subscriptions import IS_RUNNING
from billing.services.plan_access import access_of
from billing.services.usage import access_row
from core.fast_lists.compiled_instances import CompiledInstanceQuery

# the running subscription of a user, or without one the last
_newest = CompiledInstanceQuery(
    lambda values: (
        Subscription.objects.filter(user=values["owner"])
        .select_related("plan")
        .order_by(ExpressionWrapper(IS_RUNNING, BooleanField()).desc(), "-created_at", "-id")[:1]
    ),
    owner=UUID,
)
# the override of a feature that is in force; of two, the newer one
_overrides = CompiledInstanceQuery(
    lambda values: (
        EntitlementOverride.objects.filter(user=values["owner"], feature_name=values["feature"])
        .in_force(values["now"])
        .order_by("-created_at", "-id")[:1]
    ),
    owner=UUID,
    feature=str,
    now=datetime,
)


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
    newest = next(iter(_newest(owner=user.pk)), None)
    access = access_of([newest], now=now)[0][1] if newest else None
    known = known_features()
    planned = newest.plan.entitlements(known).get(feature) if newest else None
    override = next(iter(_overrides(owner=user.pk, feature=feature, now=now)), None)
    free = catalog.FREE_FEATURES.get(feature)
    beneath = resolve(override=None, access=access, planned=planned, free=free)
    names = dict.fromkeys(plan.name for plan in SubscriptionPlan.objects.offered().opening(feature, known))
    return Explanation(
        feature_name=feature,
        verdict=resolve(override=override, access=access, planned=planned, free=free),
        beneath=beneath if override else None,
        access=access_row(user, feature),
        plans=tuple(names),
    )
