"""What money needs done while nobody is looking."""

from core import jobs
from finance import services


@jobs.periodic("7 * * * *")
def update_due_date_statuses(timestamp: int) -> None:
    """Mark what has become overdue or due: every hour, because a day begins somewhere every hour."""
    services.update_due_date_statuses()
