"""Notification preferences: channels, frequency and quiet hours."""

from datetime import datetime, time

from django.conf import settings
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
ALL_CHANNELS = ("email", "in_app", "push")  # alerts are the channel in the app
# as the process started: computed values of rows are compiled to SQL once
AVAILABLE_CHANNELS = ALL_CHANNELS if settings.WEB_PUSH_PRIVATE_KEY else ALL_CHANNELS[:2]
NOT_AVAILABLE = "This channel does not exist yet. Send false, and choose among the available_channels."
EMAIL_TEXT = (
    "Allows emails, which are sent to verified addresses only. Emails about `security` are sent even if it is false, because "
    "they warn the user if someone else uses the account."
)
BOTH_OR_NEITHER = "Give both the start and the end of the quiet hours, or neither."


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
    """Raise ValidationError if a time has a fraction of a second."""
    if moment.microsecond:
        raise ValidationError("Use hours, minutes and whole seconds.", "fraction_of_second")


def is_off(value: bool) -> None:
    """Raise ValidationError if a channel that does not exist is switched on."""
    if value:
        raise ValidationError(NOT_AVAILABLE, "channel_not_available")


def is_off_without_keys(value: bool) -> None:
    """Raise ValidationError if push is switched on, and this server has no keys for it."""
    if not settings.WEB_PUSH_PRIVATE_KEY:
        is_off(value)


def whole_seconds(field: str) -> models.CheckConstraint:
    """Return a CHECK that a time has no fraction of a second and is not 24:00, which PostgreSQL allows and Python does not."""
    template = "EXTRACT(EPOCH FROM %(expressions)s::time)"
    seconds = Func(F(field), template=template, output_field=models.DecimalField())
    condition = Q(Exact(Mod(seconds, 1), 0)) & Q(LessThan(seconds, 24 * 3600))
    return rule(f"{TABLE}_{field}_whole_seconds", condition, "Use hours, minutes and whole seconds.")


# There are no quiet hours if the times are NULL or equal.
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
    """A user's settings for one type of notification. Without a row, the defaults of the columns apply."""

    notification_type = ChoiceField(
        NotificationType,
        max_length=50,
        help_text="The notifications that the settings apply to, one preference for each type. Emails about `security`, such "
        "as a new password or a login from a new device, can't be turned off.",
    )
    email_enabled = models.BooleanField(default=True, help_text=EMAIL_TEXT)
    sms_enabled = models.BooleanField(default=False, validators=[is_off], help_text="Text messages do not exist yet: false.")
    push_enabled = models.BooleanField(
        default=False,
        validators=[is_off_without_keys],
        help_text="Allows push notifications on the devices in `push-devices`, of alerts of this type. The registration of a "
        "device switches it on.",
    )
    frequency = ChoiceField(
        NotificationFrequency,
        max_length=20,
        default=NotificationFrequency.IMMEDIATE,
        help_text="Reminders are emailed only if it is immediate. It does not apply to emails about billing.",
    )
    quiet_hours_start = models.TimeField(
        null=True,
        blank=True,
        validators=[is_whole_second],
        help_text="Start of the hours without notifications, in the user's time zone. May be after the end.",
    )
    quiet_hours_end = models.TimeField(
        null=True,
        blank=True,
        validators=[is_whole_second],
        help_text="End of these hours, exclusive. Set both times or neither.",
    )

    privacy = own("the customer's settings for notifications")

    class Meta(OwnedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["user", "notification_type"],
                name=f"{TABLE}_notification_type_unique",
                violation_error_message="There is already a preference for this type of notification. Change that one.",
            ),
            rule(f"{TABLE}_sms_enabled_not_available", Q(sms_enabled=False), NOT_AVAILABLE),
            whole_seconds("quiet_hours_start"),
            whole_seconds("quiet_hours_end"),
            rule(
                f"{TABLE}_quiet_hours_end_both_or_neither",
                Q(quiet_hours_start__isnull=True, quiet_hours_end__isnull=True)
                | Q(quiet_hours_start__isnull=False, quiet_hours_end__isnull=False),
                BOTH_OR_NEITHER,
            ),
        ]

    def __str__(self) -> str:
        return self.notification_type

    def clean(self) -> None:
        """Raise ValidationError if quiet hours have a start without an end, or an end without a start."""
        super().clean()
        if (self.quiet_hours_start is None) is not (self.quiet_hours_end is None):
            missing = "quiet_hours_start" if self.quiet_hours_start is None else "quiet_hours_end"
            raise ValidationError({missing: BOTH_OR_NEITHER}, "both_or_neither")

    is_enabled = Derived(IS_ENABLED, help_text="True if at least one channel is enabled.")
    enabled_channels = Derived(OPEN_CHANNELS, ArrayField(models.TextField()), help_text="The channels that are enabled.")
    available_channels = Derived(
        PythonFunc(
            in_python=lambda: list(AVAILABLE_CHANNELS),
            is_strict=False,
            template="ARRAY['" + "', '".join(AVAILABLE_CHANNELS) + "']::text[]",
        ),
        ArrayField(models.TextField()),
        help_text="The channels that exist, the same for all types.",
    )
    is_quiet_hours = Derived(IS_QUIET, help_text="True during the quiet hours, in the user's time zone.")
    can_send_notification = Derived(
        IS_ENABLED & (Q(notification_type=NotificationType.SECURITY) | ~Q(true_when(IS_QUIET))),
        help_text="True if a notification can be sent now. Quiet hours do not apply to `security` notifications.",
    )

    def quiet_until(self, now: datetime) -> datetime | None:
        """Return the instant until which a notification must wait, or None if it can be sent at `now`."""
        is_quiet = NotificationPreference.is_quiet_hours.at(self, now)
        if self.quiet_hours_end is None or self.notification_type == NotificationType.SECURITY or not is_quiet:
            return None
        return next_end(self.quiet_hours_end, zone=self.user.zone, now=now)
