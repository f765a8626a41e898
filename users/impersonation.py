"""Seeing what a customer sees: for support, for a reason, for half an hour, reading only, and never unknown to the customer."""

import secrets
from datetime import datetime

from django.db import transaction

from core import rls
from core.errors import ConflictError
from system import services as system
from system.models.alerts import AlertType, Severity
from users.models import Impersonation, User
from users.models.impersonation import IMPERSONATION_DURATION

PREFIX = "mgi_"
PERMISSION = "users.impersonate_user"
ALERT_MESSAGE = (
    "A colleague of our support looks at your account as you see it, until {until:%H:%M} UTC. "
    "Nothing can be changed. Reason: {reason}"
)


@transaction.atomic
def start(*, customer: User, staff: User, reason: str, now: datetime) -> tuple[Impersonation, str]:
    """Open a customer's view to a colleague and tell the customer; gives it and its credential, which can't be had again.

    What the colleague had open before ends. Raises ConflictError when the account is no customer's, or not in use.
    """
    if customer.is_staff or customer.is_superuser or not customer.is_active:
        raise ConflictError("not_a_customer", "Only an active customer's account can be seen like this, never a colleague's.")
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
            title="Support looks at your account",
            message=ALERT_MESSAGE.format(until=begun.ends_at, reason=reason),
        )
    return begun, text


def find_active(text: str, *, now: datetime) -> Impersonation | None:
    """The impersonation that a credential opens at `now`; None when it is over, or either account has changed its part."""
    if not text.startswith(PREFIX) or not text.isascii():
        return None
    rows = Impersonation.objects.running_at(now).select_related("user", "staff")
    found: Impersonation | None = rows.filter(digest=Impersonation.digest_of(text)).first()
    return found if found and may_impersonate(found.staff, found.user) else None


def may_impersonate(staff: User, customer: User) -> bool:
    """Whether the colleague is one still, with the permission, and the customer is no colleague meanwhile."""
    is_customer = customer.is_active and not (customer.is_staff or customer.is_superuser)
    return bool(is_customer and staff.is_active and staff.is_staff and staff.has_perm(PERMISSION))


def end_all(*, staff: User, now: datetime) -> int:
    """End what the colleague has open, as when he logs out; gives how many that were."""
    ended: int = Impersonation.objects.filter(staff=staff).running_at(now).update(ended_at=now)
    return ended
