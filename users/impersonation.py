"""Read-only impersonation of a customer by support: with a reason, for half an hour, and with an alert to the customer."""

import secrets
from datetime import datetime

from django.db import transaction

from core import clock, rls
from core.errors import ConflictError
from system import services as system
from system.models.alerts import AlertType, Severity
from users.models import Impersonation, User
from users.models.impersonation import IMPERSONATION_DURATION

PREFIX = "mgi_"
PERMISSION = "users.impersonate_user"
ALERT_MESSAGE = (
    "A member of our support team can view your account as you see it until {until}. "
    "They can't change anything. Reason: {reason}"
)


@transaction.atomic
def start(*, customer: User, staff: User, reason: str, now: datetime) -> tuple[Impersonation, str]:
    """Start an impersonation and alert the customer. Return it with its credential, which is not stored.

    Ends other impersonations by `staff`. Raises ConflictError if the account is not an active customer's.
    """
    if customer.is_staff or customer.is_superuser or not customer.is_active:
        raise ConflictError("not_a_customer", "Only active customer accounts can be impersonated, not staff accounts.")
    end_all(staff=staff, now=now)
    text = PREFIX + secrets.token_urlsafe(32)
    begun = Impersonation.objects.create(
        user=customer, staff=staff, reason=reason, ends_at=now + IMPERSONATION_DURATION, digest=Impersonation.digest_of(text)
    )
    system.record_access(
        customer=customer, staff=staff, action="impersonate", what="users.user", row_id=customer.pk, reason=reason, now=now
    )
    with rls.as_customer(customer):
        system.alert(
            user=customer,
            alert_type=AlertType.SECURITY,
            severity=Severity.MEDIUM,
            title="Support is viewing your account",
            message=ALERT_MESSAGE.format(until=clock.text_in(customer.zone, begun.ends_at), reason=reason),
        )
    return begun, text


def find_active(text: str, *, now: datetime) -> Impersonation | None:
    """Return the impersonation of a credential; None if it has ended at `now` or is no longer permitted."""
    if not text.startswith(PREFIX) or not text.isascii():
        return None
    rows = Impersonation.objects.running_at(now).select_related("user", "staff")
    found: Impersonation | None = rows.filter(digest=Impersonation.digest_of(text)).first()
    return found if found and may_impersonate(found.staff, found.user) else None


def may_impersonate(staff: User, customer: User) -> bool:
    """Return True if `staff` is active staff with the permission, and `customer` is an active customer."""
    is_customer = customer.is_active and not (customer.is_staff or customer.is_superuser)
    return bool(is_customer and staff.is_active and staff.is_staff and staff.has_perm(PERMISSION))


def end_all(*, staff: User, now: datetime) -> int:
    """End all impersonations by a staff member, as at logout. Return their number."""
    ended: int = Impersonation.objects.filter(staff=staff).running_at(now).update(ended_at=now)
    return ended
