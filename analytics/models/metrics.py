"""How the product does, measured day by day."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import CharField, F, Func, Q, Value
from django.db.models.functions import Concat

from analytics.models.levels import null_unless_known
from core.models.base import BaseModel, gin
from core.models.fields import BoundedDecimalField, JSONObjectField, NonBlankCharField, PlausibleDateField
from core.postgres.expressions import first_of
from core.postgres.partitions import PartitionedQuerySet, created_at_matches_key

MAX_VALUE = Decimal("9999999999999.99")  # of the column, both ways; with bounds NaN is refused too
FIGURES = Value("FM9,999,999,999,990.00")


class PerformanceMetric(BaseModel):
    """One measured value of the whole product, for staff: it belongs to no customer."""

    metric_date = PlausibleDateField()
    metric_name = NonBlankCharField(max_length=100)
    metric_value = BoundedDecimalField(max_digits=15, decimal_places=2, min=-MAX_VALUE, max=MAX_VALUE, null=True, blank=True)
    metric_unit = models.CharField(max_length=50, blank=True)
    category = models.CharField(max_length=100, blank=True)
    subcategory = models.CharField(max_length=100, blank=True)
    metadata = JSONObjectField()

    derived = ("is_positive", "formatted_value")

    class Meta(BaseModel.Meta):
        verbose_name = "performance metric"
        constraints = [created_at_matches_key("analytics_performancemetric")]
        indexes = [
            models.Index(fields=["-metric_date", "-id"], name="analytics_metric_by_day"),
            models.Index(fields=["metric_name", "-metric_date", "-id"], name="analytics_metric_by_name"),
            models.Index(fields=["category", "-metric_date", "-id"], name="analytics_metric_by_category"),
            gin("analytics_metric", "metadata"),
        ]

    objects = PartitionedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.metric_date} {self.metric_name}"

    @classmethod
    def sql_derived(cls) -> dict[str, Any]:
        text = CharField()
        figures = Func(F("metric_value"), FIGURES, function="to_char", output_field=text)
        return {
            "is_positive": null_unless_known("metric_value", Q(metric_value__gt=0)),
            "formatted_value": first_of(
                (Q(metric_value__isnull=True), None),
                (Q(metric_unit=""), figures),
                default=Concat(figures, Value(" "), F("metric_unit"), output_field=text),
                output_field=text,
            ),
        }

    @property
    def is_positive(self) -> bool | None:
        """Whether the value is above 0; null while it is unknown."""
        return None if self.metric_value is None else self.metric_value > 0

    @property
    def formatted_value(self) -> str | None:
        """The value with thousands separators and its unit, such as 1,234.50 ms; null while it is unknown."""
        if self.metric_value is None:
            return None
        figures = f"{self.metric_value + 0:,.2f}"  # -0.00 is 0.00, as in the database
        return f"{figures} {self.metric_unit}" if self.metric_unit else figures
