"""Recording of staff access to customers' data."""

from datetime import UTC, datetime, timedelta
from typing import Any

from core import context, rls
from system.models import AccessAction, AccessEvent

DEDUPLICATION_PERIOD = timedelta(minutes=5)
NEVER_DEDUPLICATED = (AccessAction.REVEAL, AccessAction.IMPERSONATE, AccessAction.CHANGE)


def record_access(
    *, customer: Any, staff: Any, action: str, what: str, row_id: Any = None, reason: str = "", now: datetime
) -> None:
    """Record in the customer's access log that `staff` did `action` to `what`, a model label such as "users.userprofile".

    A repetition within the same five minutes adds nothing, except for reveals, impersonations and changes. Access of staff to
    their own rows is not recorded.
    """
    if customer.pk == staff.pk:
        return
    # SECURITY: always inserted with the staff role, because customers may not write to their own access log
    with rls.as_staff():
        event = AccessEvent(
            user=customer,
            staff=staff,
            who=who(staff),
            action=action,
            what=what,
            row_id=str(row_id or ""),
            reason=reason or context.current().reason,
            request_id=context.current().request_id,
            period=now if action in NEVER_DEDUPLICATED else _period(now),
        )
        AccessEvent.objects.bulk_create([event], ignore_conflicts=True)


def who(staff: Any) -> str:
    """Return the description of a staff member for customers: first name and role, never the email address."""
    role = "administrator" if staff.is_superuser else getattr(staff.groups.first(), "name", "support").lower()
    profile = getattr(staff, "profile", None)
    return f"{profile.first_name}, {role}" if profile else role


def _period(now: datetime) -> datetime:
    """Return the start of the five minutes that contain `now`."""
    seconds = DEDUPLICATION_PERIOD.total_seconds()
    return datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)
