"""What a customer reports of his days, what he aims at, and what both have to do with his spending."""

from health.models.checkins import UserHealthCheckin
from health.models.correlations import HealthSpendingCorrelation
from health.models.goals import HealthGoal

__all__ = ["HealthGoal", "HealthSpendingCorrelation", "UserHealthCheckin"]
