"""What is done for accounts out of the sight of whoever asked for it, and what keeps their tables small."""

from mingus.kit import clock, jobs, rls
from users import services


@jobs.daily(at_hour=3)
def forget_expired_tokens(timestamp: int) -> None:
    """Delete personal access tokens whose time is over: they open nothing any more."""
    services.forget_expired_tokens(now=clock.now())


@jobs.task()
def send_reset_mail(*, email: str) -> None:
    """Mail a key that sets a new password. As a job, because a request must not look whether there is such an account."""
    with rls.accounts():
        services.send_reset_mail(email)
