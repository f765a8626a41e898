"""Violations of the constraints of career tables, in SQL and through the API."""

from typing import Any

from django.db import models

from career.models import CareerMilestone, JobSecurityAnalysis

ANALYSIS = "career_jobsecurityanalysis"
MILESTONE = "career_careermilestone"
Rules = dict[str, tuple[type[models.Model], dict[str, Any], dict[str, Any] | None]]

# The API can not violate these, because `generate` computes all columns.
ANALYSES: Rules = {
    f"{ANALYSIS}_analysis_date_bounds": (JobSecurityAnalysis, {"analysis_date": "2201-01-01"}, None),
    f"{ANALYSIS}_industry_risk_score_bounds": (JobSecurityAnalysis, {"industry_risk_score": "1.01"}, None),
    f"{ANALYSIS}_company_risk_score_bounds": (JobSecurityAnalysis, {"company_risk_score": "-0.01"}, None),
    f"{ANALYSIS}_personal_risk_score_bounds": (JobSecurityAnalysis, {"personal_risk_score": "1.01"}, None),
    f"{ANALYSIS}_overall_risk_score_bounds": (JobSecurityAnalysis, {"overall_risk_score": "-0.01"}, None),
    f"{ANALYSIS}_risk_factors_shape": (JobSecurityAnalysis, {"risk_factors": {}}, None),
    f"{ANALYSIS}_mitigation_strategies_shape": (JobSecurityAnalysis, {"mitigation_strategies": {}}, None),
    f"{ANALYSIS}_market_conditions_shape": (JobSecurityAnalysis, {"market_conditions": []}, None),
    f"{ANALYSIS}_salary_comparison_shape": (JobSecurityAnalysis, {"salary_comparison": []}, None),
    f"{ANALYSIS}_career_opportunities_shape": (JobSecurityAnalysis, {"career_opportunities": "none"}, None),
    f"{ANALYSIS}_recommendations_shape": (JobSecurityAnalysis, {"recommendations": 1}, None),
}

# Completion and progress are read-only in the API, because salaries and actions set them.
MILESTONES: Rules = {
    f"{MILESTONE}_milestone_name_not_blank": (CareerMilestone, {"milestone_name": " "}, {"milestone_name": " "}),
    f"{MILESTONE}_milestone_type_choice": (CareerMilestone, {"milestone_type": "Raise"}, {"milestone_type": "Raise"}),
    f"{MILESTONE}_target_salary_bounds": (CareerMilestone, {"target_salary": "-0.01"}, {"target_salary": "-0.01"}),
    f"{MILESTONE}_current_salary_bounds": (CareerMilestone, {"current_salary": "-0.01"}, {"current_salary": "-0.01"}),
    f"{MILESTONE}_target_date_bounds": (CareerMilestone, {"target_date": "1899-12-31"}, {"target_date": "1899-12-31"}),
    f"{MILESTONE}_completion_date_bounds": (CareerMilestone, {"is_completed": True, "completion_date": "2201-01-01"}, None),
    f"{MILESTONE}_completion_date_matches_is_completed": (CareerMilestone, {"completion_date": "2026-03-01"}, None),
    f"{MILESTONE}_progress_percentage_bounds": (CareerMilestone, {"progress_percentage": 101}, None),
}

VIOLATIONS: Rules = {**ANALYSES, **MILESTONES}
