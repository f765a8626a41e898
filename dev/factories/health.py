"""Factories of the health models."""

from decimal import Decimal

import factory

from dev.factories.times import one_of_the_last_days
from dev.factories.users import OwnedFactory
from health.models import HealthGoal, HealthSpendingCorrelation, UserHealthCheckin


class CheckinFactory(OwnedFactory):
    class Meta:
        model = UserHealthCheckin

    checkin_date = one_of_the_last_days()
    mood_score = 8
    stress_level = 3
    sleep_hours = Decimal("7.5")
    exercise_minutes = 30
    symptoms = factory.LazyFunction(lambda: ["headache"])


class CorrelationFactory(OwnedFactory):
    class Meta:
        model = HealthSpendingCorrelation

    correlation_date = one_of_the_last_days()
    health_metric = "stress"
    health_score = Decimal("4.80")
    spending_amount = Decimal("31.52")
    correlation_strength = Decimal("0.412")
    confidence_interval_lower = Decimal("0.288")
    confidence_interval_upper = Decimal("0.522")
    p_value = Decimal("0.00000012")
    adjusted_p_value = Decimal("0.00000370")
    is_significant = True
    method = "pearson"
    analysis_period = "daily"
    data_points_count = 192


class GoalFactory(OwnedFactory):
    class Meta:
        model = HealthGoal

    goal_name = factory.Sequence(lambda number: f"Goal {number}")
    goal_type = "stress"
    start_value = Decimal(8)
    target_value = Decimal(3)
    current_value = Decimal("5.5")
