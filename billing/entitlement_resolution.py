"""Resolution of one feature of one customer: a staff override first, then the subscription, then the free features.

The functions are pure. The result contains its source and its reason, so that it can be explained.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from billing.entitlements import Entitlement
from billing.plan_access import PlanAccess, format_instant


class EntitlementSource(StrEnum):
    """The source of a decision, in order of precedence."""

    OVERRIDE = "override"
    SUBSCRIPTION = "subscription"
    FREE = "free"
    NOTHING = "nothing"


class ActiveOverride(Protocol):
    """An override that is in force."""

    is_enabled: bool
    usage_limit: int | None
    reason: str
    ends_at: datetime


@dataclass(frozen=True)
class ResolvedEntitlement:
    """`until` is the end of the access or override, None without one.

    `limit` is per counting month: None if unlimited, never if the feature is disabled, and 0 if the plan does not include it.
    """

    source: EntitlementSource
    is_enabled: bool
    limit: int | None
    until: datetime | None
    why: str


def resolve(
    *, override: ActiveOverride | None, access: PlanAccess | None, planned: Entitlement | None, free: Entitlement | None
) -> ResolvedEntitlement:
    """Resolve a feature. `access` is the subscription's access, and `planned` the feature's entitlement in its plan.

    If the feature is also enabled without the override, it remains enabled after the override, and `until` is the later end.
    """
    beneath = _without_override(access, planned, free)
    if override is None:
        return beneath
    until: datetime | None = override.ends_at
    if override.is_enabled and beneath.is_enabled:
        until = None if beneath.until is None else max(beneath.until, override.ends_at)
    verb = "enabled" if override.is_enabled else "disabled"
    why = f"Staff {verb} this feature until {format_instant(override.ends_at)}: {override.reason}"
    is_enabled = override.is_enabled and override.usage_limit != 0
    limit = override.usage_limit if is_enabled else override.usage_limit or 0
    return ResolvedEntitlement(EntitlementSource.OVERRIDE, is_enabled, limit, until, why)


def _without_override(access: PlanAccess | None, planned: Entitlement | None, free: Entitlement | None) -> ResolvedEntitlement:
    """Resolve a feature from the subscription if its plan includes it, otherwise from the free features."""
    if access is not None and access.is_open and planned is not None and planned.is_enabled:
        until = None if free is not None and free.is_enabled else access.until  # it stays open after the subscription
        return ResolvedEntitlement(EntitlementSource.SUBSCRIPTION, True, planned.limit, until, access.why)
    if free is not None and free.is_enabled:
        return ResolvedEntitlement(EntitlementSource.FREE, True, free.limit, None, "This feature is free for all users.")
    limit = (planned.limit if planned else None) or 0
    if access is None:
        return ResolvedEntitlement(
            EntitlementSource.NOTHING, False, limit, None, "There is no subscription, and this feature is not free."
        )
    if not access.is_open:
        return ResolvedEntitlement(EntitlementSource.SUBSCRIPTION, False, limit, access.until, access.why)
    return ResolvedEntitlement(
        EntitlementSource.SUBSCRIPTION, False, limit, access.until, "The plan does not include this feature."
    )
