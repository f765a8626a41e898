"""Writing analyses of job security, and moving milestones."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from career import advice
from career.job_security import Situation, assess
from career.models import CareerMilestone, JobSecurityAnalysis
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
    """Assess `user`'s work by his profile and by what he says of his job (None = he did not say), and store it.

    Each call stores a row of its own, also on the same day: a history of what was said and what came of it.
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
    """Save a milestone as it was entered; `before` is what was stored, None for a new one.

    A new current or target salary moves the progress, and completes the milestone when the target is reached. Where it was
    completed by a salary that reached the target, and does not reach it any more, it is open again; one that was completed by
    hand stays so.
    """
    if before is None or _salaries(before) != _salaries(milestone):
        _follow_salary(milestone, was_reached=before is not None and before.salary_progress == 100, today=today)
    milestone.save(force_insert=before is None)


def _salaries(milestone: CareerMilestone) -> tuple[Decimal | None, Decimal | None]:
    return milestone.current_salary, milestone.target_salary


def _follow_salary(milestone: CareerMilestone, *, was_reached: bool, today: date) -> None:
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
    """Note how far somebody is, by a percentage of his own or by his salary; what is None stays as it is.

    A percentage below 100 opens a completed milestone again. 100 does not complete it: `complete` says that it is done.
    """
    before = CareerMilestone(current_salary=milestone.current_salary, target_salary=milestone.target_salary)
    if notes is not None:
        milestone.notes = notes
    if progress_percentage is not None:
        milestone.progress_percentage = progress_percentage
        if progress_percentage < 100:
            milestone.reopen()
    if current_salary is not None:
        milestone.current_salary = current_salary
    save_milestone(milestone, before=before, today=today)


def complete_milestone(milestone: CareerMilestone, *, today: date) -> None:
    """Say that a milestone is reached. Doing it twice changes nothing."""
    if not milestone.is_completed:
        milestone.complete(on=today)
        milestone.save(update_fields=["is_completed", "completion_date", "progress_percentage"])
