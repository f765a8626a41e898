"""Writes down that staff looked at a customer's data."""

from datetime import datetime
from typing import Any

from mingus.kit import context
from system.models import AccessEvent


def note_access(
    *, customer: Any, staff: Any, action: str, what: str, row_id: Any = None, reason: str = "", now: datetime
) -> AccessEvent:
    """Note that `staff` did `action` ("reveal", "impersonate") to `what` of the customer's, and why."""
    return AccessEvent.objects.create(
        user_id=customer.pk,
        staff_id=staff.pk,
        action=action,
        what=what,
        row_id=str(row_id or ""),
        reason=reason,
        request_id=context.current().request_id,
    )
