"""What runs by itself: reminders."""

from mingus.kit import clock, jobs
from system import services


@jobs.periodic("0 * * * *")
def send_reminders(timestamp: int) -> None:
    """Remind people of their important dates. Hourly, since midnight comes somewhere every hour; twice does no harm."""
    services.send_reminders(now=clock.now())
