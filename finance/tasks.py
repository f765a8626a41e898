"""Periodic jobs of the finance app."""

from core import jobs
from finance import services


@jobs.periodic("7 * * * *")
def update_due_date_statuses(timestamp: int) -> None:
    """Mark due dates that have become due or overdue. Runs hourly because users live in different time zones."""
    services.update_due_date_statuses()
