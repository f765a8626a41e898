"""Reminders of important dates, once per occurrence: an alert, and an email if the user wants one.

A reminder becomes due at midnight in the user's time zone, which is within most users' quiet hours. Its email is then
scheduled as a job for the end of the quiet hours.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.core.mail import EmailMessage, get_connection
from django.db import transaction

from core import clock, mail
from system.models import (
    AlertType,
    DateType,
    ImportantDate,
    NotificationFrequency,
    NotificationPreference,
    NotificationType,
    Severity,
    SystemAlert,
)
from system.services import push
from system.services.preferences import preferences_of

BATCH = 500
FIRST_KEY = UUID(int=0)

# Also for financial dates, because BILLING is for payments to MINGUS.
ALERT_TYPE = AlertType.USER
NOTIFICATION_TYPES = {
    DateType.FINANCIAL: NotificationType.FINANCIAL,
    DateType.HEALTH: NotificationType.HEALTH,
    DateType.CAREER: NotificationType.CAREER,
}
BODY = """{message}

MINGUS
You asked to be reminded of this date. You can turn off these emails in your notification preferences.
"""


@dataclass(frozen=True)
class Reminder:
    """An important date and the occurrence to remind of. `today` is the current day in the user's time zone."""

    row: ImportantDate
    today: date
    occurrence: date

    @property
    def when(self) -> str:
        days = (self.occurrence - self.today).days
        return {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")

    @property
    def message(self) -> str:
        day = f"{self.occurrence:%A}, {self.occurrence.day} {self.occurrence:%B %Y}"
        return f"{self.row.date_name}: {self.when}, on {day}.\n{self.row.description}".strip()

    @property
    def subject(self) -> str:
        # SECURITY: a line break would start another header
        return " ".join(f"{self.row.date_name}: {self.when}".split())

    @property
    def notification_type(self) -> NotificationType:
        return NOTIFICATION_TYPES.get(DateType(self.row.date_type), NotificationType.SYSTEM)

    def alert(self) -> SystemAlert:
        """Return an unsaved alert that expires at the end of the occurrence's day in the user's time zone."""
        is_today = self.occurrence == self.today
        over = datetime.combine(self.occurrence + timedelta(days=1), time(), tzinfo=self.row.user.zone)
        return SystemAlert(
            user=self.row.user,
            alert_type=ALERT_TYPE,
            severity=Severity.HIGH if is_today else Severity.MEDIUM,
            title=self.row.date_name,
            message=self.message,
            expires_at=over,
        )

    def mail(self) -> EmailMessage:
        return EmailMessage(self.subject, BODY.format(message=self.message), to=[self.row.user.email])


def send_reminders(*, now: datetime) -> int:
    """Send all reminders that are due at `now`, and return their number.

    One pass over the table by key, in transactions of up to BATCH rows. Rows that another transaction has locked are left to
    the next hourly run.
    """
    sent, batch = 0, [FIRST_KEY]
    while batch:
        batch = _remind_batch(after=batch[-1], now=now)
        sent += len(batch)
    return sent


@transaction.atomic
def _remind_batch(*, after: UUID, now: datetime) -> list[UUID]:
    """Send the next reminders after the key `after`, and return their keys."""
    due = ImportantDate.objects.due_for_reminder(now).filter(pk__gt=after).order_by("pk").select_related("user__profile")
    reminders = [_reminder(row, now) for row in due.select_for_update(of=("self",), skip_locked=True)[:BATCH]]
    keys = [reminder.row.pk for reminder in reminders]
    ImportantDate.objects.filter(pk__in=keys).update(last_reminder_sent=now)
    push.enqueue_for(SystemAlert.objects.bulk_create([reminder.alert() for reminder in reminders]))
    _send_mails(reminders, now=now)
    return keys


def _reminder(row: ImportantDate, now: datetime) -> Reminder:
    today = clock.day_in(row.user.zone, now)
    return Reminder(row, today, row.occurrence_from(today) or today)


def _send_mails(reminders: list[Reminder], *, now: datetime) -> None:
    """Email the users who want immediate emails and have a verified address, outside of their quiet hours."""
    preferences = preferences_of([(reminder.row.user, reminder.notification_type) for reminder in reminders])
    wanted = [
        (reminder.mail(), preference.quiet_until(now))
        for reminder in reminders
        if _wants_mail(preference := preferences[reminder.row.user_id, reminder.notification_type])
    ]
    get_connection().send_messages([message for message, wait in wanted if wait is None])
    for message, wait in wanted:
        if wait is not None:
            mail.deliver.configure(schedule_at=wait).defer(encrypted=mail.encrypt_message(message))


def _wants_mail(preference: NotificationPreference) -> bool:
    is_reachable = preference.user.is_verified and preference.email_enabled
    return is_reachable and preference.frequency == NotificationFrequency.IMMEDIATE
