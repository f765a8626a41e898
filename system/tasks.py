"""What runs by itself: reminders, and the keeping of the audit log."""

from core import clock, jobs
from system import services


@jobs.periodic("0 * * * *")
def send_reminders(timestamp: int) -> None:
    """Remind people of their important dates. Hourly, since midnight comes somewhere every hour; twice does no harm."""
    services.send_reminders(now=clock.now())


@jobs.periodic("* * * * *")
def seal_audit(timestamp: int) -> None:
    """Bind the latest changes into the audit log's chain."""
    services.seal_audit()


@jobs.daily(at_hour=2)
def maintain_audit_partitions(timestamp: int) -> None:
    """Make room in the audit log for the months to come, and drop those that need not be kept any more."""
    services.maintain_audit_partitions()
