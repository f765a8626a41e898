"""Telling the colleagues who look after billing that something needs them."""

from datetime import datetime, timedelta

from django.db.models import Q

from system import services as system
from system.models import AlertType, Severity, SystemAlert
from users.models import User
from users.roles import BILLING

REPEAT_INTERVAL = timedelta(days=1)


def notify_staff(*, title: str, message: str, now: datetime) -> int:
    """Tell each colleague of the role billing, and each administrator; the same title at most once a day. Gives how many."""
    colleagues = User.objects.filter(
        Q(is_superuser=True) | Q(groups__name=BILLING.name), is_active=True, is_staff=True
    ).distinct()
    told = SystemAlert.objects.filter(title=title, created_at__gt=now - REPEAT_INTERVAL).values("user")
    missing = list(colleagues.filter(is_active=True).exclude(pk__in=told))
    for colleague in missing:
        system.alert(user=colleague, alert_type=AlertType.BILLING, severity=Severity.HIGH, title=title, message=message)
    return len(missing)
