"""What runs by itself: the keeping of what is recorded of use."""

from analytics import services
from core import clock, jobs


@jobs.daily(at_hour=2)
def maintain_telemetry_partitions(timestamp: int) -> None:
    """Make room for the events and metrics of the months to come, and drop what need not be kept any more."""
    services.maintain_partitions()
    services.delete_old_usage(now=clock.now())
