"""What the analysis found between how somebody was and what he spent."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from core.models.base import OwnedModel
from core.models.constraints import between, one_of, rule
from core.models.fields import decimal_within, whole_number
from core.postgres.expressions import first_of
from core.privacy.declarations import own
from core.privacy.masks import personal

TABLE = "health_healthspendingcorrelation"
MAX_LAG_DAYS = 14
STRONG, MODERATE = Decimal("0.7"), Decimal("0.3")
SIGNIFICANT = Decimal("0.05")
UNIT = "Must be between -1 and 1."
MOST_SCORE, MOST_SPENDING = Decimal("999.99"), Decimal("9999999999.99")


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


def coefficient() -> models.DecimalField[Any, Any]:
    return decimal_within(4, 3, Decimal(-1), Decimal(1))


def probability() -> models.DecimalField[Any, Any]:
    return decimal_within(10, 8, Decimal(0), Decimal(1))


class HealthSpendingCorrelation(OwnedModel):
    """How one measure of health went with spending so many days later. Without a strength there were too few days yet."""

    correlation_date = models.DateField()
    health_metric = models.CharField(max_length=100, choices=HealthMetric)
    health_score = decimal_within(5, 2, -MOST_SCORE, MOST_SCORE)
    spending_amount = decimal_within(12, 2, -MOST_SPENDING, MOST_SPENDING)
    spending_category = models.CharField(max_length=100, blank=True)
    correlation_strength = coefficient()
    confidence_interval_lower = coefficient()
    confidence_interval_upper = coefficient()
    p_value = probability()
    adjusted_p_value = probability()
    is_significant = models.BooleanField(default=False)
    method = models.CharField(max_length=20, choices=Method)
    lag_days = whole_number(0, MAX_LAG_DAYS, default=0)
    analysis_period = models.CharField(max_length=20, choices=Period)
    data_points_count = whole_number(0)

    privacy = own("what his check-ins and his spending have to do with each other")
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
    derived = ("correlation_interpretation", "correlation_direction")

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
                violation_error_message="This day's analysis already has this result.",
            ),
            one_of(TABLE, "health_metric", HealthMetric),
            between(TABLE, "health_score", -MOST_SCORE, MOST_SCORE),
            between(TABLE, "spending_amount", -MOST_SPENDING, MOST_SPENDING),
            between(TABLE, "correlation_strength", -1, 1),
            # `between` would name these two beyond the 63 characters that PostgreSQL keeps of a name.
            rule(f"{TABLE}_confidence_interval_lower_unit", Q(confidence_interval_lower__range=(-1, 1)), UNIT),
            rule(f"{TABLE}_confidence_interval_upper_unit", Q(confidence_interval_upper__range=(-1, 1)), UNIT),
            rule(
                f"{TABLE}_correlation_strength_inside",
                Q(correlation_strength__gte=F("confidence_interval_lower"))
                & Q(correlation_strength__lte=F("confidence_interval_upper")),
                "The strength lies within its interval.",
            ),
            between(TABLE, "p_value", 0, 1),
            between(TABLE, "adjusted_p_value", 0, 1),
            rule(
                f"{TABLE}_is_significant_adjusted",
                Q(is_significant=True, adjusted_p_value__isnull=False, adjusted_p_value__lt=SIGNIFICANT)
                | Q(is_significant=False, adjusted_p_value__isnull=True)
                | Q(is_significant=False, adjusted_p_value__gte=SIGNIFICANT),
                f"Significant is what has an adjusted p-value below {SIGNIFICANT}, and nothing else.",
            ),
            one_of(TABLE, "method", Method),
            between(TABLE, "lag_days", 0, MAX_LAG_DAYS),
            one_of(TABLE, "analysis_period", Period),
            between(TABLE, "data_points_count", 0),
        ]

    def __str__(self) -> str:
        spending = self.spending_category or "all spending"
        return f"{self.health_metric} and {spending} {self.lag_days} days later ({self.method})"

    @classmethod
    def sql_derived(cls) -> dict[str, Any]:
        unknown = (Q(correlation_strength__isnull=True), None)
        return {
            "correlation_interpretation": first_of(
                unknown,
                (_at_least(STRONG), Interpretation.STRONG.value),
                (_at_least(MODERATE), Interpretation.MODERATE.value),
                default=Interpretation.WEAK.value,
                output_field=models.CharField(choices=Interpretation.choices),
            ),
            "correlation_direction": first_of(
                unknown,
                (Q(correlation_strength__gt=0), Direction.POSITIVE.value),
                (Q(correlation_strength__lt=0), Direction.NEGATIVE.value),
                default=Direction.NONE.value,
                output_field=models.CharField(choices=Direction.choices),
            ),
        }

    @property
    def correlation_interpretation(self) -> str | None:
        """strong from 0.7, moderate from 0.3, else weak, whichever the sign; null when there is no strength."""
        if self.correlation_strength is None:
            return None
        strength = abs(self.correlation_strength)
        if strength >= STRONG:
            return Interpretation.STRONG.value
        return Interpretation.MODERATE.value if strength >= MODERATE else Interpretation.WEAK.value

    @property
    def correlation_direction(self) -> str | None:
        """positive, negative, or none at exactly 0; null when there is no strength."""
        if self.correlation_strength is None:
            return None
        if self.correlation_strength == 0:
            return Direction.NONE.value
        return Direction.POSITIVE.value if self.correlation_strength > 0 else Direction.NEGATIVE.value


def _at_least(strength: Decimal) -> Q:
    return Q(correlation_strength__gte=strength) | Q(correlation_strength__lte=-strength)
