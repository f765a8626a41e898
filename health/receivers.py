"""Receivers of billing's signals."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from billing.services import feature_access_changed
from health import plan_limits


@receiver(feature_access_changed)
def cover_checkins(owners: list[Any], now: datetime, **_: Any) -> None:
    """Use the check-ins that a new plan covers in the next analyses."""
    plan_limits.cover_checkins(owners=owners, now=now)
