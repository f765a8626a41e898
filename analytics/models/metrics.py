"""Daily performance metrics of the product."""

from decimal import Decimal

from django.db import models
from django.db.models import CharField, F, Q

from core.models.base import BaseModel, gin
from core.models.derived import Derived
from core.models.fields import BoundedDecimalField, JSONObjectField, NonBlankCharField, PlausibleDateField
from core.postgres.expressions import PythonFunc, first_of
from core.postgres.partitions import PartitionedQuerySet, created_at_matches_key

MAX_VALUE = Decimal("9999999999999.99")  # the column's limit in both directions; the bounds also refuse NaN
FIGURES = PythonFunc(
    F("metric_value"),
    in_python=lambda value: f"{value + 0:,.2f}",  # + 0 turns -0.00 into 0.00, as in the database
    template="to_char(%(expressions)s, 'FM9,999,999,999,990.00')",
    output_field=CharField(),
)
WITH_UNIT = PythonFunc(
    FIGURES,
    F("metric_unit"),
    in_python="{} {}".format,
    template="(%(expressions)s)",
    arg_joiner=" || ' ' || ",
    output_field=CharField(),
)


class PerformanceMetric(BaseModel):
    """A measured value of the whole product, for staff. It belongs to no customer."""

    metric_date = PlausibleDateField(help_text="Day of the measurement.")
    metric_name = NonBlankCharField(max_length=100, help_text="What was measured, such as response time, 95th percentile.")
    metric_value = BoundedDecimalField(
        max_digits=15,
        decimal_places=2,
        min=-MAX_VALUE,
        max=MAX_VALUE,
        null=True,
        blank=True,
        help_text="In the metric unit, with two decimals.",
    )
    metric_unit = models.CharField(
        max_length=50, blank=True, help_text="Unit of the value, such as ms. Empty for a plain number."
    )
    category = models.CharField(max_length=100, blank=True, help_text="Measured part of the product, such as api.")
    subcategory = models.CharField(
        max_length=100, blank=True, help_text="Part of the category, such as an endpoint. May be empty."
    )
    metadata = JSONObjectField(help_text='Details of the measurement, a JSON object such as {"requests": 120400}.')

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

    is_positive = Derived(
        Q(metric_value__gt=0), models.BooleanField(null=True), help_text="True if the value is above 0; null if it is unknown."
    )
    formatted_value = Derived(
        first_of((Q(metric_unit=""), FIGURES), default=WITH_UNIT),
        models.CharField(null=True),
        help_text="The value with thousands separators and its unit, such as `1,234.50 ms`; null if it is unknown.",
    )
