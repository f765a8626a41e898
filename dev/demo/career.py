"""Where work stands for the invented customers of `manage.py demo`: milestones and analyses, relative to the present day."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from career import services
from career.models import CareerMilestone, JobSecurityAnalysis

D = Decimal


@dataclass(frozen=True)
class PlannedMilestone:
    """`due` counts days from the present day, `done` days before it (None: still open)."""

    name: str
    kind: str
    due: int | None
    target: Decimal | None = None
    salary: Decimal | None = None
    progress: int | None = None
    done: int | None = None
    notes: str = ""


@dataclass(frozen=True)
class WorkHistory:
    """A customer's milestones, and what he said of his job: days before the present one -> answers."""

    milestones: tuple[PlannedMilestone, ...]
    said: dict[int, dict[str, Any]] = field(default_factory=dict)


ALICE = WorkHistory(
    (
        PlannedMilestone("Lead product manager", "promotion", 210, D(140000), D(118000), notes="Panel in spring."),
        PlannedMilestone("Scrum product owner certificate", "certification", 24, progress=80),
        PlannedMilestone("SQL for product people", "skill_development", -40, progress=100, done=45),
        PlannedMilestone("Raise after the first year", "raise", -120, D(112000), D(118000), done=130),
    ),
    {
        150: {"tenure_years": D("1.5"), "hiring_freeze": False, "recent_layoffs": False, "reorganisation": False},
        3: {"tenure_years": D("1.9"), "hiring_freeze": True, "recent_layoffs": False, "reorganisation": True, "union": False},
    },
)
BOB = WorkHistory(
    (
        PlannedMilestone("Master electrician licence", "certification", -9, progress=60, notes="The exam was put off."),
        PlannedMilestone("Ninety thousand a year", "raise", 95, D(90000), D(86500)),
        PlannedMilestone("Course in solar installations", "education", 160, progress=20),
    ),
    {20: {"tenure_years": D("12.0"), "public_sector": False, "union": False}},
)
CHIARA = WorkHistory(
    (
        PlannedMilestone("Permanent contract", "job_change", 75, D(31000), D(27800)),
        PlannedMilestone("German C1", "skill_development", 310, progress=35),
        PlannedMilestone("Post-editing certificate", "certification", -200, progress=100, done=210),
    ),
    {12: {"tenure_years": D("0.8"), "recent_layoffs": True, "reorganisation": False}},
)
WORK = {"alice@mingus.example": ALICE, "bob@mingus.example": BOB, "chiara@mingus.example": CHIARA}


@transaction.atomic
def load(user: Any, *, today: date) -> None:
    """Give `user` the milestones and analyses of his work. What is there already stays."""
    work = WORK[user.email]
    if not CareerMilestone.objects.for_user(user).exists():
        for milestone in work.milestones:
            _milestone(user, milestone, today=today)
    if not JobSecurityAnalysis.objects.for_user(user).exists():
        for days_ago, said in work.said.items():
            services.generate_analysis(user=user, today=today - timedelta(days=days_ago), **said)


def _milestone(user: Any, planned: PlannedMilestone, *, today: date) -> None:
    """A milestone as the API would store it, and as it moved on since."""
    row = CareerMilestone(
        user=user,
        milestone_name=planned.name,
        milestone_type=planned.kind,
        target_salary=planned.target,
        current_salary=planned.salary,
        target_date=None if planned.due is None else today + timedelta(days=planned.due),
        notes=planned.notes,
    )
    row.full_clean()
    day = today - timedelta(days=planned.done or 0)
    services.save_milestone(row, before=None, today=day)
    if planned.progress is not None:
        services.record_progress(row, today=day, progress_percentage=planned.progress)
    if planned.done is not None:
        services.complete_milestone(row, today=day)
