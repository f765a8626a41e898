"""How much each feature is used."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast

from analytics.models.levels import MINUTES, minutes
from core.models.base import OwnedModel, gin
from core.models.derived import Derived
from core.models.fields import (
    BoundedIntegerField,
    JSONObjectField,
    NonBlankCharField,
    PlausibleDateField,
    ShareField,
)
from core.privacy.declarations import recorded

SUCCESSFUL = Decimal("0.8")


class FeatureUsage(OwnedModel):
    """One customer's use of one feature on one day."""

    feature_name = NonBlankCharField(max_length=100)
    usage_date = PlausibleDateField()
    usage_count = BoundedIntegerField(min=0, default=1)
    usage_duration = BoundedIntegerField(min=0, null=True, blank=True)
    success_rate = ShareField(null=True, blank=True)
    error_count = BoundedIntegerField(min=0, default=0)
    performance_metrics = JSONObjectField()

    privacy = recorded("how he used a feature, as the app counted it")

    class Meta(OwnedModel.Meta):
        verbose_name = verbose_name_plural = "feature usage"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "feature_name", "usage_date"],
                name="analytics_featureusage_feature_name_unique",
                violation_error_message="You already have a row for this feature on this day. Change that one.",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-usage_date", "-id"], name="analytics_usage_by_day"),
            gin("analytics_usage", "performance_metrics"),
        ]

    def __str__(self) -> str:
        return f"{self.usage_date} {self.feature_name}"

    usage_minutes = Derived(minutes("usage_duration"), MINUTES, help_text="The time of use in minutes, with two decimals.")
    success_percentage = Derived(
        Cast(100 * F("success_rate"), models.IntegerField()),
        models.IntegerField(null=True),
        help_text="The success rate in percent.",
    )
    is_successful = Derived(
        Q(success_rate__gte=SUCCESSFUL),
        models.BooleanField(null=True),
        help_text="Whether the success rate is 0.8 or more; null while it is unknown.",
    )
    has_errors = Derived(Q(error_count__gt=0))
