"""What a user wants to be told of, by which way, and when he wants to be left alone."""

from datetime import datetime, time

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Mod
from django.db.models.lookups import Exact, LessThan

from core.models.base import OwnedModel
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import ChoiceField
from core.postgres.expressions import ClockNow, PythonFunc, time_of, true_when
from core.privacy.declarations import own
from system.quiet_hours import next_end

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


# NULL (unknown) and equal times are no quiet hours.
STARTS, ENDS, SHOWN = F("quiet_hours_start"), F("quiet_hours_end"), time_of(ClockNow())
HAVE_BEGUN, GO_ON = Q(quiet_hours_start__lte=SHOWN), Q(quiet_hours_end__gt=SHOWN)
IS_QUIET = Q(quiet_hours_start__lt=ENDS) & HAVE_BEGUN & GO_ON | Q(quiet_hours_end__lt=STARTS) & (HAVE_BEGUN | GO_ON)
IS_ENABLED = Q(email_enabled=True) | Q(sms_enabled=True) | Q(push_enabled=True)
OPEN_CHANNELS = PythonFunc(
    *(Case(When(Q(**{f"{name}_enabled": True}), then=Value(name))) for name in CHANNELS),
    in_python=lambda *names: [name for name in names if name is not None],
    is_strict=False,
    template="ARRAY_REMOVE(ARRAY[%(expressions)s]::text[], NULL)",
)


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

    is_enabled = Derived(IS_ENABLED, help_text="Whether there is any way to reach the user about this.")
    enabled_channels = Derived(
        OPEN_CHANNELS, ArrayField(models.TextField()), help_text="The ways that are open: email, sms, push."
    )
    is_quiet_hours = Derived(IS_QUIET, help_text="Whether it is a quiet hour for the user at this moment.")
    can_send_notification = Derived(
        IS_ENABLED & (Q(notification_type=NotificationType.SECURITY) | ~Q(true_when(IS_QUIET))),
        help_text="Whether the user may be told at this moment; a security notice goes through quiet hours.",
    )

    def quiet_until(self, now: datetime) -> datetime | None:
        """Until when a notification has to wait; None when it may go out at `now`."""
        is_quiet = NotificationPreference.is_quiet_hours.at(self, now)
        if self.quiet_hours_end is None or self.notification_type == NotificationType.SECURITY or not is_quiet:
            return None
        return next_end(self.quiet_hours_end, zone=self.user.zone, now=now)
