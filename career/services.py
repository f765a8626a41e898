"""Creation of job security analyses, and progress of milestones."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from career import advice
from career.job_security import Situation, assess
from career.models import CareerMilestone, JobSecurityAnalysis
from core.currencies import in_minor_units
from users.models import User, UserProfile


@transaction.atomic
def generate_analysis(
    *,
    user: User,
    today: date,
    tenure_years: Decimal | None = None,
    hiring_freeze: bool | None = None,
    recent_layoffs: bool | None = None,
    reorganisation: bool | None = None,
    public_sector: bool | None = None,
    union: bool | None = None,
) -> JobSecurityAnalysis:
    """Assess the user's job from their profile and the given facts (None = unknown), and store the analysis.

    Each call stores a new row, even on the same day, so that the user has a history of inputs and results.
    """
    profile = UserProfile.objects.for_user(user).first() or UserProfile(country="US")
    situation = Situation(
        naics_code=profile.naics_code,
        education_level=profile.education_level,
        tenure_years=tenure_years,
        hiring_freeze=hiring_freeze,
        recent_layoffs=recent_layoffs,
        reorganisation=reorganisation,
        public_sector=public_sector,
        union=union,
    )
    return JobSecurityAnalysis.objects.create(user=user, analysis_date=today, **_columns(situation, profile))


def _columns(situation: Situation, profile: UserProfile) -> dict[str, Any]:
    assessment, country = assess(situation), profile.country
    return {
        "industry_risk_score": assessment.industry,
        "company_risk_score": assessment.company,
        "personal_risk_score": assessment.personal,
        "overall_risk_score": assessment.overall,
        "risk_factors": advice.risk_factors(assessment),
        "mitigation_strategies": advice.mitigation_strategies(situation, assessment),
        "market_conditions": advice.market_conditions(
            situation, assessment, country=country, employment_status=profile.employment_status
        ),
        "salary_comparison": advice.salary_comparison(situation, annual_income=profile.annual_income, country=country),
        "career_opportunities": advice.career_opportunities(situation, assessment),
        "recommendations": advice.recommendations(situation, assessment),
    }


def save_milestone(milestone: CareerMilestone, *, before: CareerMilestone | None, today: date) -> None:
    """Save a milestone as it was entered. `before` is the stored state, or None for a new milestone.

    A new current or target salary updates the progress, and completes the milestone if the target is reached. A milestone
    that its salary completed is reopened if the salary no longer reaches the target. One completed by hand stays completed.
    """
    if before is None or _salaries(before) != _salaries(milestone):
        _update_progress(milestone, was_reached=before is not None and before.salary_progress == 100, today=today)
    milestone.save(force_insert=before is None)


def _salaries(milestone: CareerMilestone) -> tuple[Decimal | None, Decimal | None]:
    return milestone.current_salary, milestone.target_salary


def _update_progress(milestone: CareerMilestone, *, was_reached: bool, today: date) -> None:
    progress = milestone.salary_progress
    if progress == 100:
        milestone.complete(on=today)
    elif progress is not None and (was_reached or not milestone.is_completed):
        milestone.reopen()
        milestone.progress_percentage = progress


def record_progress(
    milestone: CareerMilestone,
    *,
    today: date,
    progress_percentage: int | None = None,
    current_salary: Decimal | None = None,
    notes: str | None = None,
) -> None:
    """Record the progress of a milestone, as a percentage or by salary. A value of None changes nothing.

    A percentage below 100 reopens a completed milestone. 100 does not complete it; `complete_milestone` does.
    """
    before = CareerMilestone(current_salary=milestone.current_salary, target_salary=milestone.target_salary)
    if notes is not None:
        milestone.notes = notes
    if progress_percentage is not None:
        milestone.progress_percentage = progress_percentage
        if progress_percentage < 100:
            milestone.reopen()
    if current_salary is not None:
        milestone.current_salary = in_minor_units(current_salary, None, "current_salary")
    save_milestone(milestone, before=before, today=today)


def complete_milestone(milestone: CareerMilestone, *, today: date) -> None:
    """Mark a milestone as completed. Idempotent."""
    if not milestone.is_completed:
        milestone.complete(on=today)
        milestone.save(update_fields=["is_completed", "completion_date", "progress_percentage"])
