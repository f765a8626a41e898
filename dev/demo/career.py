"""Career milestones and job security analyses of the demo customers, relative to today."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from career import services
from career.models import CareerMilestone, JobSecurityAnalysis
from dev.demo.rows import checked, shared_fields

D = Decimal


@dataclass(frozen=True)
class PlannedMilestone:
    """A milestone that is due `due` days from today and was completed `done` days ago (None: still open)."""

    milestone_name: str
    milestone_type: str
    due: int | None
    target_salary: Decimal | None = None
    current_salary: Decimal | None = None
    progress: int | None = None
    done: int | None = None
    notes: str = ""


@dataclass(frozen=True)
class WorkHistory:
    """A customer's milestones, and the answers about their job by the number of days ago."""

    milestones: tuple[PlannedMilestone, ...]
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)


ALICE = WorkHistory(
    (
        PlannedMilestone("Lead product manager", "promotion", 210, D(140000), D(118000), notes="Promotion panel in spring."),
        PlannedMilestone("Scrum Product Owner certification", "certification", 24, progress=80),
        PlannedMilestone("SQL for product managers", "skill_development", -40, progress=100, done=45),
        PlannedMilestone("Raise after the first year", "raise", -120, D(112000), D(118000), done=130),
    ),
    {
        150: {"tenure_years": D("1.5"), "hiring_freeze": False, "recent_layoffs": False, "reorganisation": False},
        3: {"tenure_years": D("1.9"), "hiring_freeze": True, "recent_layoffs": False, "reorganisation": True, "union": False},
    },
)
BOB = WorkHistory(
    (
        PlannedMilestone("Master electrician license", "certification", -9, progress=60, notes="Exam postponed."),
        PlannedMilestone("Earn $90,000 a year", "raise", 95, D(90000), D(86500)),
        PlannedMilestone("Solar installation course", "education", 160, progress=20),
    ),
    {20: {"tenure_years": D("12.0"), "public_sector": False, "union": False}},
)
CHIARA = WorkHistory(
    (
        PlannedMilestone("Permanent contract", "job_change", 75, D(31000), D(27800)),
        PlannedMilestone("German C1", "skill_development", 310, progress=35),
        PlannedMilestone("Certificate in post-editing", "certification", -200, progress=100, done=210),
    ),
    {12: {"tenure_years": D("0.8"), "recent_layoffs": True, "reorganisation": False}},
)
WORK = {"alice@mingus.example": ALICE, "bob@mingus.example": BOB, "chiara@mingus.example": CHIARA}


@transaction.atomic
def load(user: Any, *, today: date) -> None:
    """Create the milestones and analyses of `user`. Existing rows stay."""
    work = WORK[user.email]
    if not CareerMilestone.objects.for_user(user).exists():
        for milestone in work.milestones:
            _milestone(user, milestone, today=today)
    if not JobSecurityAnalysis.objects.for_user(user).exists():
        for days_ago, answers in work.answers.items():
            services.generate_analysis(user=user, today=today - timedelta(days=days_ago), **answers)


def _milestone(user: Any, planned: PlannedMilestone, *, today: date) -> None:
    """Create a milestone as the API does, and then record its progress and completion."""
    row = CareerMilestone(user=user, **shared_fields(planned, CareerMilestone))
    row.target_date = None if planned.due is None else today + timedelta(days=planned.due)
    checked(row)
    day = today - timedelta(days=planned.done or 0)
    services.save_milestone(row, before=None, today=day)
    if planned.progress is not None:
        services.record_progress(row, today=day, progress_percentage=planned.progress)
    if planned.done is not None:
        services.complete_milestone(row, today=day)
