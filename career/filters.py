"""Filter sets of the career lists."""

from career.models import CareerMilestone, JobSecurityAnalysis
from core.api.filters.filtersets import StrictFilterSet


class JobSecurityFilter(StrictFilterSet):
    class Meta:
        model = JobSecurityAnalysis
        fields = {
            "analysis_date": ["exact", "gte", "lte"],
            "industry_risk_score": ["gte", "lte", "isnull"],
            "company_risk_score": ["gte", "lte", "isnull"],
            "personal_risk_score": ["gte", "lte", "isnull"],
            "overall_risk_score": ["exact", "gte", "lte", "isnull"],
            "risk_factors": ["contains"],
            "mitigation_strategies": ["contains"],
            "market_conditions": ["contains"],
            "salary_comparison": ["contains"],
            "career_opportunities": ["contains"],
            "recommendations": ["contains"],
            "created_at": ["gte", "lte"],
        }
        derived = {
            "security_level": ["exact", "in"],
            "risk_level": ["exact", "in"],
            "risk_percentage": ["gte", "lte"],
            "security_percentage": ["gte", "lte"],
        }


class MilestoneFilter(StrictFilterSet):
    class Meta:
        model = CareerMilestone
        fields = {
            "milestone_name": ["exact", "icontains"],
            "milestone_type": ["exact", "in"],
            "target_salary": ["gte", "lte", "isnull"],
            "current_salary": ["gte", "lte", "isnull"],
            "target_date": ["exact", "gte", "lte", "isnull"],
            "is_completed": ["exact"],
            "completion_date": ["exact", "gte", "lte", "isnull"],
            "progress_percentage": ["gte", "lte"],
            "created_at": ["gte", "lte"],
        }
        derived = {
            "is_overdue": ["exact"],
            "days_remaining": ["gte", "lte"],
            "days_overdue": ["gte", "lte"],
            "salary_gap": ["gte", "lte"],
            "salary_gap_percentage": ["gte", "lte"],
            "status": ["exact", "in"],
            "priority_level": ["exact", "in"],
        }
