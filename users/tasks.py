"""What keeps the tables of accounts small."""

from mingus.kit import clock, jobs
from users import services


@jobs.daily(at_hour=3)
def forget_expired_tokens(timestamp: int) -> None:
    """Delete personal access tokens whose time is over: they open nothing any more."""
    services.forget_expired_tokens(now=clock.now())
