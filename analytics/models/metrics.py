"""How the product does, measured day by day."""

from decimal import Decimal

from django.db import models
from django.db.models import CharField, F, Q

from core.models.base import BaseModel, gin
from core.models.derived import Derived
from core.models.fields import (
    BoundedDecimalField,
    JSONObjectField,
    NonBlankCharField,
    PlausibleDateField,
)
from core.postgres.expressions import PythonFunc, first_of
from core.postgres.partitions import PartitionedQuerySet, created_at_matches_key

MAX_VALUE = Decimal("9999999999999.99")  # of the column, both ways; with bounds NaN is refused too
FIGURES = PythonFunc(
    F("metric_value"),
    in_python=lambda value: f"{value + 0:,.2f}",  # -0.00 is 0.00, as in the database
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
    """One measured value of the whole product, for staff: it belongs to no customer."""

    metric_date = PlausibleDateField()
    metric_name = NonBlankCharField(max_length=100)
    metric_value = BoundedDecimalField(max_digits=15, decimal_places=2, min=-MAX_VALUE, max=MAX_VALUE, null=True, blank=True)
    metric_unit = models.CharField(max_length=50, blank=True)
    category = models.CharField(max_length=100, blank=True)
    subcategory = models.CharField(max_length=100, blank=True)
    metadata = JSONObjectField()

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
        Q(metric_value__gt=0),
        models.BooleanField(null=True),
        help_text="Whether the value is above 0; null while it is unknown.",
    )
    formatted_value = Derived(
        first_of((Q(metric_unit=""), FIGURES), default=WITH_UNIT),
        models.CharField(null=True),
        help_text="The value with thousands separators and its unit, such as 1,234.50 ms; null while it is unknown.",
    )
