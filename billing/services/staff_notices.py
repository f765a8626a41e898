"""Notices to the staff members who are responsible for billing."""

from datetime import datetime, timedelta

from django.db.models import Q

from system import services as system
from system.models import AlertType, Severity, SystemAlert
from users.models import User
from users.roles import BILLING

REPEAT_INTERVAL = timedelta(days=1)


def notify_staff(*, title: str, message: str, now: datetime, is_repeated: bool = True) -> int:
    """Alert all staff with the role billing and all administrators, and return their number.

    The same title is repeated once a day, or never.
    """
    recipients = User.objects.filter(
        Q(is_superuser=True) | Q(groups__name=BILLING.name), is_active=True, is_staff=True
    ).distinct()
    earlier = SystemAlert.objects.filter(title=title)
    notified = (earlier.filter(created_at__gt=now - REPEAT_INTERVAL) if is_repeated else earlier).values("user")
    missing = list(recipients.exclude(pk__in=notified))
    for staff_member in missing:
        system.alert(user=staff_member, alert_type=AlertType.BILLING, severity=Severity.HIGH, title=title, message=message)
    return len(missing)
