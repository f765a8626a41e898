"""How much each feature is used."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from analytics.models.levels import minutes, minutes_in_sql, null_unless_known, percentage, percentage_in_sql
from core.models.base import OwnedModel, gin
from core.models.fields import BoundedIntegerField, JSONObjectField, NonBlankCharField, PlausibleDateField, ShareField
from core.postgres.expressions import true_when
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
    derived = ("usage_minutes", "success_percentage", "is_successful", "has_errors")

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

    @classmethod
    def sql_derived(cls) -> dict[str, Any]:
        return {
            "usage_minutes": minutes_in_sql("usage_duration"),
            "success_percentage": percentage_in_sql("success_rate"),
            "is_successful": null_unless_known("success_rate", Q(success_rate__gte=SUCCESSFUL)),
            "has_errors": true_when(Q(error_count__gt=0)),
        }

    @property
    def usage_minutes(self) -> Decimal | None:
        """The time of use in minutes, with two decimals."""
        return minutes(self.usage_duration)

    @property
    def success_percentage(self) -> int | None:
        """The success rate in percent."""
        return percentage(self.success_rate)

    @property
    def is_successful(self) -> bool | None:
        """Whether the success rate is 0.8 or more; null while it is unknown."""
        return None if self.success_rate is None else self.success_rate >= SUCCESSFUL

    @property
    def has_errors(self) -> bool:
        return self.error_count > 0
