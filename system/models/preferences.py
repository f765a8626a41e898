"""What a user wants to be told of, by which way, and when he wants to be left alone."""

from datetime import datetime, time
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Expression, F, Func, Q, Value, When
from django.db.models.functions import Coalesce, Mod
from django.db.models.lookups import Exact, LessThan

from core import clock
from core.models.base import OwnedModel
from core.models.constraints import rule
from core.models.fields import ChoiceField
from core.postgres.expressions import ClockNow, true_when
from core.privacy.declarations import own
from system.quiet_hours import is_quiet, next_end

TABLE = "system_notificationpreference"
CHANNELS = ("email", "sms", "push")


class NotificationType(models.TextChoices):
    FINANCIAL = "financial"
    HEALTH = "health"
    CAREER = "career"
    BILLING = "billing"
    SECURITY = "security"
    SYSTEM = "system"


class NotificationFrequency(models.TextChoices):
    IMMEDIATE = "immediate"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


def is_whole_second(moment: time) -> None:
    """Raise for a fraction of a second, which no clock on a wall shows."""
    if moment.microsecond:
        raise ValidationError("Use hours, minutes and whole seconds.", "fraction_of_second")


def whole_seconds(field: str) -> models.CheckConstraint:
    """A CHECK that a time has no fraction of a second, and is not PostgreSQL's 24:00, which Python does not know."""
    template = "EXTRACT(EPOCH FROM %(expressions)s::time)"
    seconds = Func(F(field), template=template, output_field=models.DecimalField())
    condition = Q(Exact(Mod(seconds, 1), 0)) & Q(LessThan(seconds, 24 * 3600))
    return rule(f"{TABLE}_{field}_whole_seconds", condition, "Use hours, minutes and whole seconds.")


def time_of(instant: Any) -> Func:
    """What the clocks show at `instant` where the row's owner lives."""
    zone = Coalesce(F("user__profile__timezone"), Value(clock.FALLBACK_ZONE.key), output_field=models.CharField())
    return Func(instant, zone, template="(%(expressions)s)::time", arg_joiner=" AT TIME ZONE ", output_field=models.TimeField())


def quiet_at(instant: Any) -> Q:
    """Whether an instant lies in a row's quiet hours; NULL (unknown) and equal times are no quiet hours."""
    start, end = F("quiet_hours_start"), F("quiet_hours_end")
    after_start, before_end = Q(quiet_hours_start__lte=time_of(instant)), Q(quiet_hours_end__gt=time_of(instant))
    within_a_day = Q(quiet_hours_start__lt=end) & after_start & before_end
    across_midnight = Q(quiet_hours_end__lt=start) & (after_start | before_end)
    return within_a_day | across_midnight


class NotificationPreference(OwnedModel):
    """How a user wants to hear about one kind of thing. Where there is no row, the defaults of these columns hold."""

    notification_type = ChoiceField(NotificationType, max_length=50)
    email_enabled = models.BooleanField(default=True)
    sms_enabled = models.BooleanField(default=False)
    push_enabled = models.BooleanField(default=True)
    frequency = ChoiceField(NotificationFrequency, max_length=20, default=NotificationFrequency.IMMEDIATE)
    quiet_hours_start = models.TimeField(null=True, blank=True, validators=[is_whole_second])
    quiet_hours_end = models.TimeField(null=True, blank=True, validators=[is_whole_second])

    privacy = own("how he wants to be told of things")
    derived = ("is_enabled", "enabled_channels", "is_quiet_hours", "can_send_notification")

    class Meta(OwnedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["user", "notification_type"],
                name=f"{TABLE}_notification_type_unique",
                violation_error_message="There is a preference for this kind of notification already. Change that one.",
            ),
            whole_seconds("quiet_hours_start"),
            whole_seconds("quiet_hours_end"),
            rule(
                f"{TABLE}_quiet_hours_end_both_or_neither",
                Q(quiet_hours_start__isnull=True, quiet_hours_end__isnull=True)
                | Q(quiet_hours_start__isnull=False, quiet_hours_end__isnull=False),
                "Give both the start and the end of the quiet hours, or neither.",
            ),
        ]

    def __str__(self) -> str:
        return self.notification_type

    def clean(self) -> None:
        """Quiet hours have both ends, or there are none."""
        super().clean()
        if (self.quiet_hours_start is None) is not (self.quiet_hours_end is None):
            missing = "quiet_hours_start" if self.quiet_hours_start is None else "quiet_hours_end"
            sentence = "Give both the start and the end of the quiet hours, or neither."
            raise ValidationError({missing: sentence}, "both_or_neither")

    @classmethod
    def sql_derived(cls) -> dict[str, Any]:
        is_enabled = Q(email_enabled=True) | Q(sms_enabled=True) | Q(push_enabled=True)
        quiet = quiet_at(ClockNow())
        goes_through = Q(notification_type=NotificationType.SECURITY) | ~Q(true_when(quiet))
        return {
            "is_enabled": true_when(is_enabled),
            "enabled_channels": _channels(),
            "is_quiet_hours": true_when(quiet),
            "can_send_notification": true_when(is_enabled & goes_through),
        }

    @property
    def is_enabled(self) -> bool:
        """Whether there is any way to reach the user about this."""
        return bool(self.enabled_channels)

    @property
    def enabled_channels(self) -> list[str]:
        """The ways that are open: email, sms, push."""
        return [channel for channel in CHANNELS if getattr(self, f"{channel}_enabled")]

    @property
    def is_quiet_hours(self) -> bool:
        """Whether it is a quiet hour for the user at this moment."""
        return self.is_quiet_at(clock.now())

    @property
    def can_send_notification(self) -> bool:
        """Whether the user may be told at this moment; a security notice goes through quiet hours."""
        return self.is_enabled and self.quiet_until(clock.now()) is None

    def is_quiet_at(self, now: datetime) -> bool:
        return is_quiet(self.quiet_hours_start, self.quiet_hours_end, now.astimezone(self.user.zone).time())

    def quiet_until(self, now: datetime) -> datetime | None:
        """Until when a notification has to wait; None when it may go out at `now`."""
        if self.quiet_hours_end is None or self.notification_type == NotificationType.SECURITY or not self.is_quiet_at(now):
            return None
        return next_end(self.quiet_hours_end, zone=self.user.zone, now=now)


def _channels() -> Expression:
    """The names of the open ways, as a list."""
    names = [Case(When(Q(**{f"{name}_enabled": True}), then=Value(name))) for name in CHANNELS]
    kind = ArrayField(models.TextField())
    return Func(*names, template="ARRAY_REMOVE(ARRAY[%(expressions)s]::text[], NULL)", output_field=kind)
