"""What the models of use have in common: levels of a share, and seconds as minutes."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from django.db import models
from django.db.models import DecimalField, F, IntegerField, Q
from django.db.models.functions import Cast

from core.postgres.expressions import first_of

MINUTES = DecimalField(max_digits=12, decimal_places=2)
Steps = tuple[tuple[Decimal, str], ...]


class EngagementLevel(models.TextChoices):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class RetentionLevel(models.TextChoices):
    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


# from this share on, this name; below the last of them the lowest
ENGAGEMENT: Steps = ((Decimal("0.8"), "high"), (Decimal("0.5"), "medium"))
RETENTION: Steps = ((Decimal("0.8"), "excellent"), (Decimal("0.6"), "good"), (Decimal("0.4"), "fair"))


def level(share: Decimal | None, steps: Steps, lowest: str) -> str | None:
    """The name of the first step that `share` reaches, else `lowest`; None while it is unknown."""
    if share is None:
        return None
    return next((name for least, name in steps if share >= least), lowest)


def level_in_sql(field: str, steps: Steps, lowest: str, choices: type[models.TextChoices]) -> Any:
    """`level` of a column."""
    reached = [(Q(**{f"{field}__gte": least}), name) for least, name in steps]
    kind = models.CharField(choices=choices.choices)
    return first_of((Q(**{f"{field}__isnull": True}), None), *reached, default=lowest, output_field=kind)


def minutes(seconds: int | None) -> Decimal | None:
    """Seconds as minutes with two decimals; None while unknown."""
    return None if seconds is None else (Decimal(seconds) / 60).quantize(Decimal("0.01"), ROUND_HALF_UP)


def minutes_in_sql(field: str) -> Any:
    """`minutes` of a column of seconds."""
    return Cast(Cast(F(field), DecimalField(max_digits=20, decimal_places=6)) / 60, MINUTES)


def percentage(share: Decimal | None) -> int | None:
    """A share of one in percent; None while unknown."""
    return None if share is None else int((100 * share).to_integral_value(ROUND_HALF_EVEN))


def percentage_in_sql(field: str) -> Any:
    """`percentage` of a column with two decimals."""
    return Cast(F(field) * 100, IntegerField())


def null_unless_known(field: str, condition: Q) -> Any:
    """Whether `condition` holds; NULL while the column it speaks of is unknown."""
    unknown = (Q(**{f"{field}__isnull": True}), None)
    return first_of(unknown, (condition, True), default=False, output_field=models.BooleanField())
