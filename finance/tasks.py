"""What money needs done while nobody is looking."""

from finance import services
from mingus.kit import jobs


@jobs.periodic("7 * * * *")
def judge_due_dates(timestamp: int) -> None:
    """Mark what has become overdue or due: every hour, because a day begins somewhere every hour."""
    services.judge_due_dates()
