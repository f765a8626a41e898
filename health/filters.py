"""Filter sets of the health lists."""

from core.api.filters.filtersets import StrictFilterSet
from health.models import HealthGoal, HealthSpendingCorrelation, UserHealthCheckin


class CheckinFilter(StrictFilterSet):
    class Meta:
        model = UserHealthCheckin
        fields = {
            "checkin_date": ["exact", "gte", "lte"],
            "mood_score": ["exact", "gte", "lte", "isnull"],
            "stress_level": ["exact", "gte", "lte", "isnull"],
            "sleep_hours": ["gte", "lte", "isnull"],
            "exercise_minutes": ["gte", "lte", "isnull"],
            "water_intake_oz": ["gte", "lte", "isnull"],
            "medication_taken": ["exact", "isnull"],
            "symptoms": ["contains"],
            "wellness_activities": ["contains"],
            "over_limit": ["exact"],
            "number_in_month": ["gte", "lte", "isnull"],
            "created_at": ["gte", "lte"],
            "updated_at": ["gte", "lte"],
        }
        derived = {"wellness_score": ["gte", "lte", "isnull"], "wellness_level": ["exact", "in"]}


class CorrelationFilter(StrictFilterSet):
    class Meta:
        model = HealthSpendingCorrelation
        fields = {
            "correlation_date": ["exact", "gte", "lte"],
            "health_metric": ["exact", "in"],
            "spending_category": ["exact", "in"],
            "correlation_strength": ["gte", "lte", "isnull"],
            "adjusted_p_value": ["gte", "lte"],
            "is_significant": ["exact"],
            "method": ["exact"],
            "lag_days": ["exact", "gte", "lte"],
            "analysis_period": ["exact"],
            "data_points_count": ["gte", "lte"],
            "created_at": ["gte", "lte"],
        }
        derived = {"correlation_interpretation": ["exact", "in"], "correlation_direction": ["exact", "in"]}


class GoalFilter(StrictFilterSet):
    class Meta:
        model = HealthGoal
        fields = {
            "goal_name": ["exact", "icontains"],
            "goal_type": ["exact", "in"],
            "target_date": ["exact", "gte", "lte", "isnull"],
            "is_completed": ["exact"],
            "completion_date": ["gte", "lte", "isnull"],
            "progress_percentage": ["gte", "lte"],
            "created_at": ["gte", "lte"],
            "updated_at": ["gte", "lte"],
        }
        derived = {"is_overdue": ["exact"], "days_remaining": ["gte", "lte", "isnull"], "status": ["exact", "in"]}
