"""Alerts, important dates and preferences of the invented customers of `manage.py demo`, each with another life."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction

from core import clock
from dev.demo.rows import save_checked
from system import services
from system.models import ImportantDate, NotificationPreference, SystemAlert


@dataclass(frozen=True)
class PlannedAlert:
    """An alert as it was sent `days_ago`; `expires_in` days from then. `is_done` is read, and done where that was asked."""

    kind: str
    severity: str
    title: str
    message: str
    days_ago: int
    is_done: bool = False
    action_required: bool = False
    notes: str = ""
    expires_in: int | None = None


@dataclass(frozen=True)
class PlannedDate:
    """A date that lies `in_days` from today when it comes once, or begins on `first`."""

    name: str
    kind: str
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
        "The app rests from 5:00 to 5:30 New York time. What you see stays readable; imports wait.",
        2,
        expires_in=9,
    ),
    PlannedAlert("feature", "low", "Forecasts now show income that varies", "Look at the shaded range around the line.", 19),
)

ALICE = CustomerNotices(
    alerts=(
        PlannedAlert("security", "high", "New sign-in from Boston", "Firefox on Windows. Was it you?", 1, action_required=True),
        PlannedAlert(
            "billing",
            "medium",
            "Your card expires next month",
            "Enter the new one, so that your plan goes on.",
            12,
            is_done=True,
            action_required=True,
            notes="Entered the new card.",
            expires_in=30,
        ),
        PlannedAlert("user", "low", "You spent less on dining than last month", "The difference went to your savings.", 5),
        PlannedAlert(
            "performance", "low", "Your largest import so far", "It took 0.8 seconds.", 40, is_done=True, expires_in=14
        ),
    ),
    days=(
        PlannedDate("Rent", "financial", first=date(2024, 9, 1), pattern="monthly", reminder_days=3),
        PlannedDate("Federal tax return", "legal", first=date(2024, 4, 15), pattern="yearly", reminder_days=30),
        PlannedDate("Dentist", "health", in_days=6, description="Bring the insurance card."),
        PlannedDate(
            "Performance review", "career", in_days=24, reminder_days=14, description="List what shipped this half-year."
        ),
        PlannedDate("Grandmother's birthday", "family", first=date(1941, 2, 28), pattern="yearly"),
        PlannedDate("Return the library books", "personal", in_days=-3),
        PlannedDate("Gym contract: last day to cancel", "financial", in_days=55, reminder_days=21),
    ),
    preferences={
        "financial": NIGHT,
        "security": {"sms_enabled": True, **NIGHT},
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
            "It is short by about 300 on the fifth.",
            0,
            action_required=True,
        ),
        PlannedAlert("billing", "low", "Your invoice is ready", "You find it under billing.", 9, is_done=True),
    ),
    days=(
        PlannedDate("Estimated tax, next quarter", "legal", in_days=33, reminder_days=14),
        PlannedDate("Mortgage instalment", "financial", first=date(2021, 6, 5), pattern="monthly", reminder_days=4),
        PlannedDate("Leap-day birthday", "personal", first=date(1984, 2, 29), pattern="yearly"),
        PlannedDate("Toolbox talk with the crew", "career", first=date(2025, 1, 6), pattern="weekly", reminder_days=1),
        PlannedDate("Van inspection", "legal", in_days=-11, description="Ask for a Saturday."),
        PlannedDate("Soccer club fees", "family", in_days=15),
        PlannedDate("Old storage unit", "financial", first=date(2022, 3, 31), pattern="monthly", is_active=False),
    ),
    preferences={
        "billing": {"push_enabled": False, "frequency": "monthly"},
        "health": {"email_enabled": False, "push_enabled": False},
    },
)

CHIARA = CustomerNotices(
    alerts=(
        PlannedAlert("feature", "low", "Amounts in euros", "Every report can be had in your own currency.", 25, is_done=True),
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
    """Give one of the demo's customers his alerts, dates and preferences. What is there already stays as it is."""
    now, life = clock.now(), CUSTOMERS.get(user.email, CustomerNotices())
    for planned in BROADCASTS:
        _send_alert(None, planned, now)
    for planned in life.alerts:
        _send_alert(user, planned, now)
    for day in life.days:
        _add_date(user, day, today)
    for kind, wishes in life.preferences.items():
        NotificationPreference.objects.get_or_create(user=user, notification_type=kind, defaults=wishes)
    if life.has_read_broadcasts:
        for broadcast in SystemAlert.objects.broadcasts().filter(title__in=[planned.title for planned in BROADCASTS]):
            services.mark_read(broadcast, user=user, now=now)


def _send_alert(user: Any, planned: PlannedAlert, now: datetime) -> None:
    if SystemAlert.objects.filter(user=user, title=planned.title).exists():
        return
    sent = now - timedelta(days=planned.days_ago, hours=3)
    alert = SystemAlert(
        user=user,
        alert_type=planned.kind,
        severity=planned.severity,
        title=planned.title,
        message=planned.message,
        action_required=planned.action_required,
        is_read=planned.is_done,
        read_at=sent + timedelta(hours=1) if planned.is_done else None,
        action_taken=planned.is_done and planned.action_required,
        action_notes=planned.notes,
        expires_at=None if planned.expires_in is None else sent + timedelta(days=planned.expires_in),
    )
    save_checked(alert)
    SystemAlert.objects.filter(pk=alert.pk).update(created_at=sent, updated_at=alert.read_at or sent)


def _add_date(user: Any, day: PlannedDate, today: date) -> None:
    if ImportantDate.objects.for_user(user).filter(date_name=day.name).exists():
        return
    important_date = ImportantDate(
        user=user,
        date_name=day.name,
        date_type=day.kind,
        date_value=day.first or today + timedelta(days=day.in_days),
        reminder_days=day.reminder_days,
        is_recurring=bool(day.pattern),
        recurrence_pattern=day.pattern,
        description=day.description,
        is_active=day.is_active,
    )
    save_checked(important_date)
