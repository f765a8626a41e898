"""Correlations of health with spending."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Abs

from core.models.base import OwnedModel
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import BoundedDecimalField, BoundedIntegerField, ChoiceField, GetType, SetType
from core.models.references import NameReferenceField
from core.models.validators import bounds_message
from core.postgres.expressions import first_of, graded
from core.privacy.declarations import own
from core.privacy.masks import personal
from finance.models.categories import MAX_CATEGORY_LENGTH

TABLE = "health_healthspendingcorrelation"
MAX_LAG_DAYS = 14
STRONG, MODERATE = Decimal("0.7"), Decimal("0.3")
SIGNIFICANT = Decimal("0.05")
MAX_SCORE, MAX_SPENDING = Decimal("999.99"), Decimal("9999999999999.999")


class HealthMetric(models.TextChoices):
    MOOD = "mood"
    STRESS = "stress"
    SLEEP = "sleep"
    EXERCISE = "exercise"
    WELLNESS = "wellness"


class Method(models.TextChoices):
    PEARSON = "pearson"
    SPEARMAN = "spearman"


class Period(models.TextChoices):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Interpretation(models.TextChoices):
    STRONG = "strong"
    MODERATE = "moderate"
    WEAK = "weak"


class Direction(models.TextChoices):
    POSITIVE = "positive"
    NEGATIVE = "negative"
    NONE = "none"


class IntervalBoundField(BoundedDecimalField[SetType, GetType]):
    """A bound of the confidence interval. A constraint name with `_bounds` would exceed PostgreSQL's 63 characters."""

    def get_constraints(self, table: str) -> list[models.CheckConstraint]:
        is_inside = Q(**{f"{self.name}__range": (self.min, self.max)})
        return [rule(f"{table}_{self.name}_unit", is_inside, bounds_message(self.min, self.max))]


class HealthSpendingCorrelation(OwnedModel):
    """Correlation of a health metric with spending `lag_days` later. Without a strength there was too little data."""

    correlation_date = models.DateField(help_text="Day of the analysis, which covers the year before it.")
    health_metric = ChoiceField(
        HealthMetric, max_length=100, help_text="The value of the check-ins that is compared with spending."
    )
    health_score = BoundedDecimalField(
        max_digits=5,
        decimal_places=2,
        min=-MAX_SCORE,
        max=MAX_SCORE,
        null=True,
        blank=True,
        help_text="Mean of the metric. Null: unknown.",
    )
    spending_amount = BoundedDecimalField(
        max_digits=16,
        decimal_places=3,
        min=-MAX_SPENDING,
        max=MAX_SPENDING,
        null=True,
        blank=True,
        help_text="Mean spending per day. Null: unknown.",
    )
    spending_category = NameReferenceField(
        "finance.Category", max_length=MAX_CATEGORY_LENGTH, help_text="The slug of a category. Empty: all spending."
    )
    correlation_strength = BoundedDecimalField(
        max_digits=4, decimal_places=3, min=-1, max=1, null=True, blank=True, help_text="-1 to 1. Null: too little data."
    )
    confidence_interval_lower = IntervalBoundField(
        max_digits=4, decimal_places=3, min=-1, max=1, null=True, blank=True, help_text="Lower bound at 95% confidence."
    )
    confidence_interval_upper = IntervalBoundField(
        max_digits=4, decimal_places=3, min=-1, max=1, null=True, blank=True, help_text="Upper bound at 95% confidence."
    )
    p_value = BoundedDecimalField(
        max_digits=10, decimal_places=8, min=0, max=1, null=True, blank=True, help_text="Not adjusted for multiple tests."
    )
    adjusted_p_value = BoundedDecimalField(
        max_digits=10, decimal_places=8, min=0, max=1, null=True, blank=True, help_text="Adjusted by Benjamini-Hochberg."
    )
    is_significant = models.BooleanField(default=False, help_text="True if the adjusted p-value is below 0.05.")
    method = ChoiceField(
        Method, max_length=20, help_text="`pearson` measures a linear relation, `spearman` a monotonic one, by ranks."
    )
    lag_days = BoundedIntegerField(min=0, max=MAX_LAG_DAYS, default=0, help_text="Days from the health value to the spending.")
    analysis_period = ChoiceField(Period, max_length=20, help_text="Length of time of one data point.")
    data_points_count = BoundedIntegerField(min=0, help_text="Number of days with both values.")

    privacy = own("correlations of the customer's check-ins and spending")
    personal_fields = personal(
        "health_score",
        "spending_amount",
        "spending_category",
        "correlation_strength",
        "confidence_interval_lower",
        "confidence_interval_upper",
        "p_value",
        "adjusted_p_value",
        "is_significant",
    )

    class Meta(OwnedModel.Meta):
        verbose_name = "correlation"
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "user",
                    "correlation_date",
                    "health_metric",
                    "spending_category",
                    "method",
                    "lag_days",
                    "analysis_period",
                ],
                name=f"{TABLE}_correlation_date_unique",
                nulls_distinct=False,  # NULL is all spending
                violation_error_message="The analysis of this day already has this result.",
            ),
            rule(
                f"{TABLE}_correlation_strength_inside",
                Q(correlation_strength__gte=F("confidence_interval_lower"))
                & Q(correlation_strength__lte=F("confidence_interval_upper")),
                "The strength must be within its confidence interval.",
            ),
            rule(
                f"{TABLE}_is_significant_adjusted",
                Q(is_significant=True, adjusted_p_value__isnull=False, adjusted_p_value__lt=SIGNIFICANT)
                | Q(is_significant=False, adjusted_p_value__isnull=True)
                | Q(is_significant=False, adjusted_p_value__gte=SIGNIFICANT),
                f"Must be true exactly when the adjusted p-value is below {SIGNIFICANT}.",
            ),
        ]

    def __str__(self) -> str:
        spending = self.spending_category or "all spending"
        return f"{self.health_metric} and {spending} {self.lag_days} days later ({self.method})"

    correlation_interpretation = Derived(
        graded(Abs("correlation_strength"), (STRONG, MODERATE), Interpretation),
        models.CharField(choices=Interpretation, null=True),
        help_text="`strong` from 0.7, `moderate` from 0.3, else `weak`, by absolute strength. Null without a strength.",
    )
    correlation_direction = Derived(
        first_of(
            (Q(correlation_strength__gt=0), Direction.POSITIVE),
            (Q(correlation_strength__lt=0), Direction.NEGATIVE),
            (Q(correlation_strength=0), Direction.NONE),
        ),
        models.CharField(choices=Direction, null=True),
        help_text="`positive`, `negative`, or `none` if the strength is exactly 0. Null without a strength.",
    )
