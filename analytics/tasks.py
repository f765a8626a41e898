"""Periodic tasks: retention of analytics data."""

from analytics import services
from core import clock, jobs


@jobs.daily(at_hour=2)
def maintain_telemetry_partitions(timestamp: int) -> None:
    """Create the coming partitions of events and metrics, and delete data past its retention period."""
    services.maintain_partitions()
    services.delete_old_usage(now=clock.now())
