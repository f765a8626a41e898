"""Models of check-ins, goals, and correlations of health with spending."""

from health.models.checkins import UserHealthCheckin
from health.models.correlations import HealthSpendingCorrelation
from health.models.goals import HealthGoal

__all__ = ["HealthGoal", "HealthSpendingCorrelation", "UserHealthCheckin"]
