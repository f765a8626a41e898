"""Alerts, important dates and notification preferences of the demo customers."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction

from core import clock
from dev.demo.rows import save_checked, shared_fields
from system import services
from system.models import ImportantDate, NotificationPreference, SystemAlert


@dataclass(frozen=True)
class PlannedAlert:
    """An alert that was sent `days_ago` and expires `expires_in` days later. `is_done` is read, and acted on if required."""

    alert_type: str
    severity: str
    title: str
    message: str
    days_ago: int
    is_done: bool = False
    action_required: bool = False
    action_notes: str = ""
    expires_in: int | None = None


@dataclass(frozen=True)
class PlannedDate:
    """A date. It occurs once, `in_days` from today, or repeats by `pattern` from `first` on."""

    date_name: str
    date_type: str
    in_days: int = 0
    first: date | None = None
    pattern: str = ""
    reminder_days: int = 7
    description: str = ""
    is_active: bool = True


@dataclass(frozen=True)
class CustomerNotices:
    alerts: tuple[PlannedAlert, ...] = ()
    days: tuple[PlannedDate, ...] = ()
    preferences: dict[str, dict[str, Any]] = field(default_factory=dict)
    has_read_broadcasts: bool = False


NIGHT = {"quiet_hours_start": time(22), "quiet_hours_end": time(7)}

BROADCASTS = (
    PlannedAlert(
        "maintenance",
        "medium",
        "Maintenance on Sunday morning",
        "MINGUS is read-only from 5:00 to 5:30 a.m. Eastern Time. Imports resume afterwards.",
        2,
        expires_in=9,
    ),
    PlannedAlert("feature", "low", "Forecasts now show variable income", "It appears as a shaded range around the line.", 19),
)

ALICE = CustomerNotices(
    alerts=(
        PlannedAlert("security", "high", "New sign-in from Boston", "Firefox, Windows. Was this you?", 1, action_required=True),
        PlannedAlert(
            "billing",
            "medium",
            "Your card expires next month",
            "Update your card to keep your plan.",
            12,
            is_done=True,
            action_required=True,
            action_notes="Added the new card.",
            expires_in=30,
        ),
        PlannedAlert("user", "low", "You spent less on dining than last month", "The difference went to your savings.", 5),
        PlannedAlert(
            "performance", "low", "Your largest import so far", "It finished in 0.8 seconds.", 40, is_done=True, expires_in=14
        ),
    ),
    days=(
        PlannedDate("Rent", "financial", first=date(2024, 9, 1), pattern="monthly", reminder_days=3),
        PlannedDate("Federal tax return", "legal", first=date(2024, 4, 15), pattern="yearly", reminder_days=30),
        PlannedDate("Dentist", "health", in_days=6, description="Bring insurance card."),
        PlannedDate(
            "Performance review", "career", in_days=24, reminder_days=14, description="List what shipped this half year."
        ),
        PlannedDate("Grandmother's birthday", "family", first=date(1941, 2, 28), pattern="yearly"),
        PlannedDate("Return the library books", "personal", in_days=-3),
        PlannedDate("Last day to cancel the gym", "financial", in_days=55, reminder_days=21),
    ),
    preferences={
        "financial": NIGHT,
        "security": NIGHT,
        "career": {"email_enabled": False, "frequency": "weekly"},
    },
    has_read_broadcasts=True,
)

BOB = CustomerNotices(
    alerts=(
        PlannedAlert(
            "user",
            "critical",
            "The joint account will not cover the mortgage",
            "You will be about $300 short on the fifth.",
            0,
            action_required=True,
        ),
        PlannedAlert("billing", "low", "Your invoice is ready", "You can find it under Billing.", 9, is_done=True),
    ),
    days=(
        PlannedDate("Quarterly estimated tax", "legal", in_days=33, reminder_days=14),
        PlannedDate("Mortgage payment", "financial", first=date(2021, 6, 5), pattern="monthly", reminder_days=4),
        PlannedDate("Leap day birthday", "personal", first=date(1984, 2, 29), pattern="yearly"),
        PlannedDate("Toolbox talk with the crew", "career", first=date(2025, 1, 6), pattern="weekly", reminder_days=1),
        PlannedDate("Van inspection", "legal", in_days=-11, description="Ask for a Saturday appointment."),
        PlannedDate("Soccer club fees", "family", in_days=15),
        PlannedDate("Old storage unit", "financial", first=date(2022, 3, 31), pattern="monthly", is_active=False),
    ),
    preferences={
        "billing": {"frequency": "monthly"},
        "health": {"email_enabled": False},
    },
)

CHIARA = CustomerNotices(
    alerts=(
        PlannedAlert("feature", "low", "Amounts in euros", "Reports are now available in your currency.", 25, is_done=True),
        PlannedAlert("user", "medium", "Two deadlines in one week", "Both translations are due before the weekend.", 3),
    ),
    days=(
        PlannedDate("Affitto", "financial", first=date(2025, 1, 31), pattern="monthly", reminder_days=3),
        PlannedDate("Consegna del romanzo", "career", in_days=19, reminder_days=10, description="Capitoli 12-18."),
        PlannedDate("Visita oculistica", "health", in_days=2),
        PlannedDate("Compleanno di Marta", "family", first=date(1998, 6, 21), pattern="yearly", reminder_days=10),
        PlannedDate("Antibiotico", "health", first=date(2026, 1, 7), pattern="daily", reminder_days=0, is_active=False),
        PlannedDate("Rinnovo passaporto", "legal", in_days=81, reminder_days=60),
    ),
    preferences={"health": {"quiet_hours_start": time(13), "quiet_hours_end": time(15)}, "system": {"frequency": "daily"}},
)

CUSTOMERS = {"alice@mingus.example": ALICE, "bob@mingus.example": BOB, "chiara@mingus.example": CHIARA}


@transaction.atomic
def load(user: Any, *, today: date) -> None:
    """Create the alerts, dates and preferences of `user`. Existing rows stay."""
    now, notices = clock.now(), CUSTOMERS.get(user.email, CustomerNotices())
    for planned in BROADCASTS:
        _send_alert(None, planned, now)
    for planned in notices.alerts:
        _send_alert(user, planned, now)
    for planned_date in notices.days:
        _add_date(user, planned_date, today)
    for kind, channels in notices.preferences.items():
        NotificationPreference.objects.get_or_create(user=user, notification_type=kind, defaults=channels)
    if notices.has_read_broadcasts:
        for broadcast in SystemAlert.objects.broadcasts().filter(title__in=[planned.title for planned in BROADCASTS]):
            services.mark_read(broadcast, user=user, now=now)


def _send_alert(user: Any, planned: PlannedAlert, now: datetime) -> None:
    if SystemAlert.objects.filter(user=user, title=planned.title).exists():
        return
    sent = now - timedelta(days=planned.days_ago, hours=3)
    alert = SystemAlert(
        user=user,
        is_read=planned.is_done,
        read_at=sent + timedelta(hours=1) if planned.is_done else None,
        action_taken=planned.is_done and planned.action_required,
        expires_at=None if planned.expires_in is None else sent + timedelta(days=planned.expires_in),
        **shared_fields(planned, SystemAlert),
    )
    save_checked(alert)
    SystemAlert.objects.filter(pk=alert.pk).update(created_at=sent, updated_at=alert.read_at or sent)


def _add_date(user: Any, planned_date: PlannedDate, today: date) -> None:
    if ImportantDate.objects.for_user(user).filter(date_name=planned_date.date_name).exists():
        return
    important_date = ImportantDate(
        user=user,
        date_value=planned_date.first or today + timedelta(days=planned_date.in_days),
        is_recurring=bool(planned_date.pattern),
        recurrence_pattern=planned_date.pattern,
        **shared_fields(planned_date, ImportantDate),
    )
    save_checked(important_date)
