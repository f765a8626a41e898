"""Who decides about one feature of one customer: an override by staff, then his subscription, then what everybody has.

Pure: what each of the three says comes in, and what each said is kept, so that the answer can be explained.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from billing.entitlements import Entitlement
from billing.plan_access import PlanAccess, format_instant


class EntitlementSource(StrEnum):
    """Who decided; the first that has something to say wins."""

    OVERRIDE = "override"
    SUBSCRIPTION = "subscription"
    FREE = "free"
    NOTHING = "nothing"


class ActiveOverride(Protocol):
    """What staff granted or closed, and holds now."""

    is_enabled: bool
    usage_limit: int | None
    reason: str
    ends_at: datetime


@dataclass(frozen=True)
class ResolvedEntitlement:
    """`until` is when it closes by itself, None when no clock does; `limit` is per counting month, None without one."""

    source: EntitlementSource
    is_enabled: bool
    limit: int | None
    until: datetime | None
    why: str


def resolve(
    *, override: ActiveOverride | None, access: PlanAccess | None, planned: Entitlement | None, free: Entitlement | None
) -> ResolvedEntitlement:
    """Decide about a feature. `access` is what the subscription opens at all, `planned` what its plan says of the feature.

    An override's end closes nothing that is open without it: `until` is then when that closes.
    """
    beneath = _without_override(access, planned, free)
    if override is None:
        return beneath
    until: datetime | None = override.ends_at
    if override.is_enabled and beneath.is_enabled:
        until = None if beneath.until is None else max(beneath.until, override.ends_at)
    verb = "opened" if override.is_enabled else "closed"
    why = f"Staff {verb} it until {format_instant(override.ends_at)}: {override.reason}"
    return ResolvedEntitlement(
        EntitlementSource.OVERRIDE, override.is_enabled and override.usage_limit != 0, override.usage_limit, until, why
    )


def _without_override(access: PlanAccess | None, planned: Entitlement | None, free: Entitlement | None) -> ResolvedEntitlement:
    """A subscription that opens the feature wins over what is free; one that does not leaves what is free."""
    if access is not None and access.is_open and planned is not None and planned.is_enabled:
        return ResolvedEntitlement(EntitlementSource.SUBSCRIPTION, True, planned.limit, access.until, access.why)
    if free is not None and free.is_enabled:
        return ResolvedEntitlement(
            EntitlementSource.FREE, True, free.limit, None, "Everybody has it, also without a subscription."
        )
    limit = planned.limit if planned else None
    if access is None:
        return ResolvedEntitlement(
            EntitlementSource.NOTHING, False, limit, None, "There is no subscription, and it is not free."
        )
    if not access.is_open:
        return ResolvedEntitlement(EntitlementSource.SUBSCRIPTION, False, limit, access.until, access.why)
    return ResolvedEntitlement(EntitlementSource.SUBSCRIPTION, False, limit, access.until, "The plan does not have it.")
