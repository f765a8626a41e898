"""Score levels and the conversion of seconds to minutes, shared by the models of this app."""

from decimal import Decimal

from django.db import models
from django.db.models import F
from django.db.models.functions import Cast, Round

MINUTES = models.DecimalField(max_digits=12, decimal_places=2, null=True)


class EngagementLevel(models.TextChoices):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class RetentionLevel(models.TextChoices):
    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


# the lowest score of each level above but the last
ENGAGEMENT = (Decimal("0.8"), Decimal("0.5"))
RETENTION = (Decimal("0.8"), Decimal("0.6"), Decimal("0.4"))


def minutes(field: str) -> Round:
    """Return an expression that converts a column of seconds to minutes, rounded to two decimals."""
    return Round(Cast(F(field), models.DecimalField(max_digits=20, decimal_places=6)) / 60, precision=2)
