"""Violations of the constraints of health tables, in SQL and through the API."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models.expressions import RawSQL

from health.models import HealthGoal, HealthSpendingCorrelation, UserHealthCheckin

CHECKIN = "health_userhealthcheckin"
CORRELATION = "health_healthspendingcorrelation"
GOAL = "health_healthgoal"
SAME = "=other"
Rules = dict[str, tuple[type[models.Model], dict[str, Any], dict[str, Any] | None]]

NOT_A_NUMBER = RawSQL("'NaN'::numeric", ())

CHECKINS: Rules = {
    f"{CHECKIN}_checkin_date_unique": (UserHealthCheckin, {"checkin_date": SAME}, {"checkin_date": SAME}),
    f"{CHECKIN}_checkin_date_past": (
        UserHealthCheckin,
        {"checkin_date": "2199-01-01"},
        {"checkin_date": "2199-01-01"},
    ),
    f"{CHECKIN}_mood_score_bounds": (UserHealthCheckin, {"mood_score": 0}, {"mood_score": 0}),
    f"{CHECKIN}_stress_level_bounds": (UserHealthCheckin, {"stress_level": 11}, {"stress_level": 11}),
    f"{CHECKIN}_sleep_hours_bounds": (UserHealthCheckin, {"sleep_hours": "24.1"}, {"sleep_hours": "24.1"}),
    f"{CHECKIN}_exercise_minutes_bounds": (
        UserHealthCheckin,
        {"exercise_minutes": 1441},
        {"exercise_minutes": 1441},
    ),
    f"{CHECKIN}_water_intake_oz_bounds": (UserHealthCheckin, {"water_intake_oz": -1}, {"water_intake_oz": -1}),
    f"{CHECKIN}_number_in_month_bounds": (UserHealthCheckin, {"number_in_month": 0}, None),
    f"{CHECKIN}_over_limit_is_counted": (UserHealthCheckin, {"over_limit": True, "number_in_month": None}, None),
    f"{CHECKIN}_symptoms_shape": (UserHealthCheckin, {"symptoms": {}}, {"symptoms": {}}),
    f"{CHECKIN}_symptoms_texts": (UserHealthCheckin, {"symptoms": ["cough", " "]}, {"symptoms": ["cough", " "]}),
    f"{CHECKIN}_wellness_activities_shape": (
        UserHealthCheckin,
        {"wellness_activities": "walk"},
        {"wellness_activities": "walk"},
    ),
    f"{CHECKIN}_wellness_activities_texts": (
        UserHealthCheckin,
        {"wellness_activities": [["walk"]]},
        {"wellness_activities": [["walk"]]},
    ),
}

# The route of correlations is read-only, so the API can not violate these.
CORRELATIONS: Rules = {
    f"{CORRELATION}_correlation_date_unique": (HealthSpendingCorrelation, {"correlation_date": SAME}, None),
    f"{CORRELATION}_health_metric_choice": (HealthSpendingCorrelation, {"health_metric": "luck"}, None),
    f"{CORRELATION}_health_score_bounds": (HealthSpendingCorrelation, {"health_score": NOT_A_NUMBER}, None),
    f"{CORRELATION}_spending_amount_bounds": (HealthSpendingCorrelation, {"spending_amount": NOT_A_NUMBER}, None),
    f"{CORRELATION}_correlation_strength_bounds": (
        HealthSpendingCorrelation,
        {"correlation_strength": "1.001", "confidence_interval_lower": None, "confidence_interval_upper": None},
        None,
    ),
    f"{CORRELATION}_confidence_interval_lower_unit": (
        HealthSpendingCorrelation,
        {"confidence_interval_lower": "-1.001"},
        None,
    ),
    f"{CORRELATION}_confidence_interval_upper_unit": (
        HealthSpendingCorrelation,
        {"confidence_interval_upper": "1.001"},
        None,
    ),
    f"{CORRELATION}_correlation_strength_inside": (
        HealthSpendingCorrelation,
        {"correlation_strength": "0.100", "confidence_interval_lower": "0.200", "confidence_interval_upper": "0.300"},
        None,
    ),
    f"{CORRELATION}_p_value_bounds": (HealthSpendingCorrelation, {"p_value": "-0.00000001"}, None),
    f"{CORRELATION}_adjusted_p_value_bounds": (
        HealthSpendingCorrelation,
        {"adjusted_p_value": "1.00000001", "is_significant": False},
        None,
    ),
    f"{CORRELATION}_is_significant_adjusted": (
        HealthSpendingCorrelation,
        {"is_significant": True, "adjusted_p_value": Decimal("0.05")},
        None,
    ),
    f"{CORRELATION}_method_choice": (HealthSpendingCorrelation, {"method": "kendall"}, None),
    f"{CORRELATION}_lag_days_bounds": (HealthSpendingCorrelation, {"lag_days": 15}, None),
    f"{CORRELATION}_analysis_period_choice": (HealthSpendingCorrelation, {"analysis_period": "yearly"}, None),
    f"{CORRELATION}_data_points_count_bounds": (HealthSpendingCorrelation, {"data_points_count": -1}, None),
}

GOALS: Rules = {
    f"{GOAL}_goal_name_not_blank": (HealthGoal, {"goal_name": " "}, {"goal_name": " "}),
    f"{GOAL}_goal_type_choice": (HealthGoal, {"goal_type": "luck"}, {"goal_type": "luck"}),
    f"{GOAL}_start_value_bounds": (HealthGoal, {"start_value": NOT_A_NUMBER}, {"start_value": "NaN"}),
    f"{GOAL}_target_value_bounds": (HealthGoal, {"target_value": NOT_A_NUMBER}, {"target_value": "NaN"}),
    f"{GOAL}_current_value_bounds": (HealthGoal, {"current_value": NOT_A_NUMBER}, {"current_value": "NaN"}),
    # is_completed, completion_date and progress_percentage are read-only: the actions and the values set them
    f"{GOAL}_completion_date_matches_is_completed": (HealthGoal, {"is_completed": True}, None),
    f"{GOAL}_progress_percentage_bounds": (HealthGoal, {"progress_percentage": 101}, None),
}

VIOLATIONS: Rules = CHECKINS | CORRELATIONS | GOALS
