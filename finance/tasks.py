"""What money needs done while nobody is looking."""

from core import jobs
from finance import services


@jobs.periodic("7 * * * *")
def judge_due_dates(timestamp: int) -> None:
    """Mark what has become overdue or due: every hour, because a day begins somewhere every hour."""
    services.judge_due_dates()
