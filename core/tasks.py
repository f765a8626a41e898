"""Periodic jobs for the tables of core, sessions and the job queue."""

from asgiref.sync import async_to_sync
from django.conf import settings
from django.utils.module_loading import import_string
from procrastinate.contrib.django import app

from core import changes, clock, jobs
from core.api import idempotency
from core.models.base import IdempotencyKey


@jobs.daily(at_hour=3)
def delete_expired_keys_and_sessions(timestamp: int) -> None:
    IdempotencyKey.objects.filter(created_at__lt=clock.now() - idempotency.RETENTION).delete()
    import_string(f"{settings.SESSION_ENGINE}.SessionStore").clear_expired()


@jobs.daily(at_hour=2)
def maintain_change_partitions(timestamp: int) -> None:
    """Create the coming partitions of the change log, and drop those past the retention period."""
    changes.keep_months()


@jobs.periodic("*/5 * * * *")
def retry_abandoned_jobs(timestamp: int) -> None:
    """Retry jobs whose worker died, which is detected by the missing heartbeat (sent every ten seconds)."""
    async_to_sync(_retry_abandoned)()


async def _retry_abandoned() -> None:
    for job in await app.job_manager.get_stalled_jobs():
        await app.job_manager.retry_job(job)
