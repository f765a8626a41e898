"""Overrides, by which staff enable or disable a feature for one customer."""

from datetime import datetime
from typing import Any

from django.db import transaction

from billing.models import EntitlementOverride, FeatureAccess
from billing.services.feature_access import sync_feature_access
from core.errors import ConflictError, DomainError


@transaction.atomic
def grant_override(
    *,
    user: Any,
    feature: str,
    is_enabled: bool = True,
    usage_limit: int | None = None,
    reason: str,
    starts_at: datetime,
    ends_at: datetime,
    granted_by: Any,
    now: datetime,
) -> EntitlementOverride:
    """Enable or disable a feature for a customer from `starts_at` until just before `ends_at`, regardless of the plan.

    `usage_limit` is per counting month, None if unlimited. Raise DomainError if `ends_at` or `reason` is invalid.
    """
    if ends_at <= max(starts_at, now):
        raise DomainError("ends_too_early", "The end must be after the start and in the future.", field="ends_at")
    if not reason.strip():
        raise DomainError("required", "Enter a reason. It is the only explanation for other staff members.", field="reason")
    override = EntitlementOverride(
        user=user,
        feature_name=feature,
        is_enabled=is_enabled,
        usage_limit=usage_limit,
        reason=reason.strip(),
        starts_at=starts_at,
        ends_at=ends_at,
        granted_by=granted_by,
    )
    override.save()
    sync_feature_access(user=user, now=now)
    return override


@transaction.atomic
def revoke_override(override: EntitlementOverride, *, now: datetime) -> None:
    """End an override early, and update the customer's access. Raise ConflictError if it has already ended."""
    if override.revoked_at is not None or override.ends_at <= now:
        raise ConflictError("not_in_force", "This override has already ended.")
    override.revoked_at = now
    override.save(update_fields=["revoked_at"])
    sync_feature_access(user=override.user, now=now)


def override_access(
    access: FeatureAccess, *, is_enabled: bool, reason: str, ends_at: datetime, granted_by: Any, now: datetime
) -> EntitlementOverride:
    """Enable or disable the feature of an existing row by an override until `ends_at`, with the row's limit unless that is 0.

    Raise ConflictError if the feature is enabled or disabled already.
    """
    if access.is_enabled == is_enabled:
        raise ConflictError("already_so", f"This feature is already {'enabled' if is_enabled else 'disabled'}.")
    return grant_override(
        user=access.user,
        feature=access.feature_name,
        is_enabled=is_enabled,
        usage_limit=access.usage_limit or None,
        reason=reason,
        starts_at=now,
        ends_at=ends_at,
        granted_by=granted_by,
        now=now,
    )
