"""What the analysis found between how somebody was and what he spent."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Abs

from core.models.base import OwnedModel
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import (
    BoundedDecimalField,
    BoundedIntegerField,
    ChoiceField,
    GetType,
    SetType,
)
from core.models.validators import bounds_message
from core.postgres.expressions import first_of, graded
from core.privacy.declarations import own
from core.privacy.masks import personal

TABLE = "health_healthspendingcorrelation"
MAX_LAG_DAYS = 14
STRONG, MODERATE = Decimal("0.7"), Decimal("0.3")
SIGNIFICANT = Decimal("0.05")
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


class IntervalBoundField(BoundedDecimalField[SetType, GetType]):
    """An end of the confidence interval. `_bounds` would make its constraint's name longer than PostgreSQL's 63 characters."""

    def get_constraints(self, table: str) -> list[models.CheckConstraint]:
        is_inside = Q(**{f"{self.name}__range": (self.min, self.max)})
        return [rule(f"{table}_{self.name}_unit", is_inside, bounds_message(self.min, self.max))]


class HealthSpendingCorrelation(OwnedModel):
    """How one measure of health went with spending so many days later. Without a strength there were too few days yet."""

    correlation_date = models.DateField()
    health_metric = ChoiceField(HealthMetric, max_length=100)
    health_score = BoundedDecimalField(max_digits=5, decimal_places=2, min=-MOST_SCORE, max=MOST_SCORE, null=True, blank=True)
    spending_amount = BoundedDecimalField(
        max_digits=12, decimal_places=2, min=-MOST_SPENDING, max=MOST_SPENDING, null=True, blank=True
    )
    spending_category = models.CharField(max_length=100, blank=True)
    correlation_strength = BoundedDecimalField(max_digits=4, decimal_places=3, min=-1, max=1, null=True, blank=True)
    confidence_interval_lower = IntervalBoundField(max_digits=4, decimal_places=3, min=-1, max=1, null=True, blank=True)
    confidence_interval_upper = IntervalBoundField(max_digits=4, decimal_places=3, min=-1, max=1, null=True, blank=True)
    p_value = BoundedDecimalField(max_digits=10, decimal_places=8, min=0, max=1, null=True, blank=True)
    adjusted_p_value = BoundedDecimalField(max_digits=10, decimal_places=8, min=0, max=1, null=True, blank=True)
    is_significant = models.BooleanField(default=False)
    method = ChoiceField(Method, max_length=20)
    lag_days = BoundedIntegerField(min=0, max=MAX_LAG_DAYS, default=0)
    analysis_period = ChoiceField(Period, max_length=20)
    data_points_count = BoundedIntegerField(min=0)

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
            rule(
                f"{TABLE}_correlation_strength_inside",
                Q(correlation_strength__gte=F("confidence_interval_lower"))
                & Q(correlation_strength__lte=F("confidence_interval_upper")),
                "The strength lies within its interval.",
            ),
            rule(
                f"{TABLE}_is_significant_adjusted",
                Q(is_significant=True, adjusted_p_value__isnull=False, adjusted_p_value__lt=SIGNIFICANT)
                | Q(is_significant=False, adjusted_p_value__isnull=True)
                | Q(is_significant=False, adjusted_p_value__gte=SIGNIFICANT),
                f"Significant is what has an adjusted p-value below {SIGNIFICANT}, and nothing else.",
            ),
        ]

    def __str__(self) -> str:
        spending = self.spending_category or "all spending"
        return f"{self.health_metric} and {spending} {self.lag_days} days later ({self.method})"

    correlation_interpretation = Derived(
        graded(Abs("correlation_strength"), (STRONG, MODERATE), Interpretation),
        models.CharField(choices=Interpretation, null=True),
        help_text="strong from 0.7, moderate from 0.3, else weak, whichever the sign; null when there is no strength.",
    )
    correlation_direction = Derived(
        first_of(
            (Q(correlation_strength__gt=0), Direction.POSITIVE),
            (Q(correlation_strength__lt=0), Direction.NEGATIVE),
            (Q(correlation_strength=0), Direction.NONE),
        ),
        models.CharField(choices=Direction, null=True),
        help_text="positive, negative, or none at exactly 0; null when there is no strength.",
    )
