"""Periodic jobs for the tables of core, sessions and the job queue."""

import logging
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from core import changes, clock, jobs
from core.api import idempotency
from core.models.base import IdempotencyKey

MAX_SILENCE_SECONDS = 30  # a worker whose heartbeat is older is dead; it sends one every ten seconds
FAIL_ABANDONED_JOBS = Path(__file__).with_name("fail_abandoned_jobs.sql").read_text()
RETRY_FAILED_JOBS = Path(__file__).with_name("retry_failed_jobs.sql").read_text()

logger = logging.getLogger(__name__)


@jobs.daily(at_hour=3)
def delete_expired_keys_and_sessions(timestamp: int) -> None:
    IdempotencyKey.objects.filter(created_at__lt=clock.now() - idempotency.RETENTION).delete()
    import_string(f"{settings.SESSION_ENGINE}.SessionStore").clear_expired()


@jobs.daily(at_hour=2)
def maintain_change_partitions(timestamp: int) -> None:
    """Create the coming partitions of the change log, and drop those past the retention period."""
    changes.keep_months()


@jobs.periodic("* * * * *")
def retry_abandoned_jobs(timestamp: int) -> None:
    """Retry jobs whose worker died, but not a job that JOB_MAX_DEATHS workers died of: it stays failed."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FAIL_ABANDONED_JOBS, {"silence": MAX_SILENCE_SECONDS})
        abandoned = dict(cursor.fetchall())
        cursor.execute(RETRY_FAILED_JOBS, {"jobs": list(abandoned), "limit": settings.JOB_MAX_DEATHS})
        retried = {number for (number,) in cursor.fetchall()}
    for number, name in abandoned.items():
        outcome = "is retried" if number in retried else "stays failed, because too many workers died while they ran it"
        level = logging.WARNING if number in retried else logging.ERROR
        logger.log(level, "A worker died while it ran job %s, %s. The job %s.", number, name, outcome)
