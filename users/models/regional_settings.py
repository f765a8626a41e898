"""The regional settings of a profile: time zone, currency, locale and calendar."""

from datetime import date, tzinfo

from django.db import models

from core import clock
from core.models.fields import ChoiceField
from core.models.money import CurrencyField
from users.models import reference


class RegionalSettings(models.Model):
    """The time zone, currency, locale and calendar of a user."""

    timezone = models.CharField(
        max_length=50,
        default="America/New_York",
        validators=[reference.is_timezone],
        help_text="IANA time zone. Default: America/New_York.",
    )
    currency = CurrencyField(help_text="ISO 4217 code of the currency that the user mostly uses. Default: USD.")
    locale = models.CharField(
        max_length=35,
        default="en",
        validators=[reference.is_locale],
        help_text="BCP 47 tag of the user's language and region, such as en or de-AT. Default: en.",
    )
    first_day_of_week = ChoiceField(
        reference.FirstDayOfWeek,
        max_length=10,
        default=reference.FirstDayOfWeek.MONDAY,
        help_text="The day with which a week begins in calendars. Default: monday.",
    )

    class Meta:
        abstract = True

    @property
    def zone(self) -> tzinfo:
        """The user's time zone."""
        return clock.zone_named(self.timezone)

    def today(self) -> date:
        """Return the current date in the user's time zone."""
        return clock.day_in(self.zone, clock.now())
