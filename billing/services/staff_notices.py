"""Notices to the staff members who are responsible for billing."""

from datetime import datetime, timedelta

from django.db.models import Q

from system import services as system
from system.models import AlertType, Severity, SystemAlert
from users.models import User
from users.roles import BILLING

REPEAT_INTERVAL = timedelta(days=1)


def notify_staff(*, title: str, message: str, now: datetime, is_once: bool = False) -> int:
    """Alert all staff with the role billing and all administrators, once a day for each title. Return their number.

    With `is_once`, alert them once for each message, however much later it is repeated.
    """
    recipients = User.objects.filter(
        Q(is_superuser=True) | Q(groups__name=BILLING.name), is_active=True, is_staff=True
    ).distinct()
    same = Q(title=title, message=message) if is_once else Q(title=title, created_at__gt=now - REPEAT_INTERVAL)
    missing = list(recipients.exclude(pk__in=SystemAlert.objects.filter(same).values("user")))
    for staff_member in missing:
        system.alert(user=staff_member, alert_type=AlertType.BILLING, severity=Severity.HIGH, title=title, message=message)
    return len(missing)
