"""Daily use of each feature."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast

from analytics.models.levels import MINUTES, minutes
from core.models.base import OwnedModel, gin
from core.models.derived import Derived
from core.models.fields import BoundedIntegerField, JSONObjectField, NonBlankCharField, PlausibleDateField, ShareField
from core.privacy.declarations import recorded

SUCCESSFUL = Decimal("0.8")


class FeatureUsage(OwnedModel):
    """One customer's use of one feature on one day."""

    feature_name = NonBlankCharField(max_length=100, help_text="Name of the feature, such as statement import.")
    usage_date = PlausibleDateField(help_text="Day of use in the user's time zone.")
    usage_count = BoundedIntegerField(min=0, default=1, help_text="Number of uses on this day. The default is 1.")
    usage_duration = BoundedIntegerField(min=0, null=True, blank=True, help_text="Total duration of use in seconds.")
    success_rate = ShareField(null=True, blank=True, help_text="Share of successful uses, 0 to 1 with two decimals.")
    error_count = BoundedIntegerField(min=0, default=0, help_text="Number of errors on this day.")
    performance_metrics = JSONObjectField(help_text='Measurements, a JSON object such as {"slowest_ms": 840}.')

    privacy = recorded("the customer's use of each feature, as recorded by the app")

    class Meta(OwnedModel.Meta):
        verbose_name, verbose_name_plural = "feature usage record", "feature usage"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "feature_name", "usage_date"],
                name="analytics_featureusage_feature_name_unique",
                violation_error_message="You already have a row for this feature on this day. Change that one.",
            )
        ]
        indexes = [
            models.Index(fields=["user", "-usage_date", "-id"], name="analytics_usage_by_day"),
            gin("analytics_usage", "performance_metrics"),
        ]

    def __str__(self) -> str:
        return f"{self.usage_date} {self.feature_name}"

    usage_minutes = Derived(minutes("usage_duration"), MINUTES, help_text="Minutes of use, with two decimals; null if unknown.")
    success_percentage = Derived(
        Cast(100 * F("success_rate"), models.IntegerField()),
        models.IntegerField(null=True),
        help_text="The success rate in percent, 0 to 100; null if it is unknown.",
    )
    is_successful = Derived(
        Q(success_rate__gte=SUCCESSFUL),
        models.BooleanField(null=True),
        help_text="True if the success rate is 0.8 or more; null if it is unknown.",
    )
    has_errors = Derived(Q(error_count__gt=0), help_text="True if the error count is above 0.")
