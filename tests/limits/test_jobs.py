"""Jobs that meet a forgotten transaction, which are retried until they succeed."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from billing.models import StripeEvent
from billing.models.stripe_events import EventState
from billing.tasks import handle_stripe_event
from core import clock, jobs, rls
from core.jobs import MAX_RETRY_DELAY_SECONDS, JobRetryStrategy
from core.tasks import delete_expired_keys_and_sessions
from system.models import SystemAlert
from system.tasks import seal_audit
from tests.limits.conftest import Forget, lock_of
from tests.limits.test_requests import raise_in_server
from users.models import DataExport, User
from users.models.exports import ExportState
from users.tasks import make_export

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_jobs")]


def attempt(number: int, *, attempts: int) -> tuple[str, float]:
    """Run a job as its attempt after `attempts` others. Return its status and the seconds until the next attempt."""
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET attempts = %s, scheduled_at = NULL WHERE id = %s", [attempts, number])
    jobs.run_pending()
    job = ProcrastinateJob.objects.filter(pk=number).first()
    if job is None:
        return "succeeded", 0
    return job.status, (job.scheduled_at - clock.now()).total_seconds() if job.scheduled_at else 0


@pytest.fixture
def export(alice: User) -> DataExport:
    return DataExport.objects.create(user=alice)


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every connection of the job's threads a short limit."""
    options = connection.settings_dict["OPTIONS"]
    connection.close()
    monkeypatch.setitem(options, "options", f"{options['options']} -c lock_timeout=200ms")


def test_a_job_is_retried_until_the_lock_is_free(alice: User, export: DataExport, forget: Forget) -> None:
    forgotten = forget(lock_of("users_dataexportchunk"))
    number = jobs.enqueue(make_export, user=str(alice.pk), export=str(export.pk))
    for attempts in (0, 3, 29):
        status, delay = attempt(number, attempts=attempts)
        assert status == "todo"
        assert min(2 ** (attempts + 1), MAX_RETRY_DELAY_SECONDS) - 60 < delay <= MAX_RETRY_DELAY_SECONDS
    export.refresh_from_db()
    assert export.state == ExportState.RUNNING  # it has not failed
    forgotten.close()
    assert attempt(number, attempts=5)[0] == "succeeded"
    export.refresh_from_db()
    assert export.state == ExportState.READY


def test_a_job_fails_after_its_last_retry(alice: User, export: DataExport, forget: Forget) -> None:
    forget(lock_of("users_dataexportchunk"))
    number = jobs.enqueue(make_export, user=str(alice.pk), export=str(export.pk))
    assert attempt(number, attempts=30)[0] == "failed"


def test_a_stripe_event_stays_as_it_is(forget: Forget) -> None:
    event = StripeEvent.objects.create(
        stripe_id="evt_1", type="customer.updated", body="{}", headers={}, stripe_customer_id="cus_1", happened_at=clock.now()
    )
    forget("BEGIN; SET LOCAL ROLE mingus_staff; SELECT FROM billing_stripeevent FOR UPDATE")
    number = jobs.enqueue(handle_stripe_event, event_id=str(event.pk))
    assert attempt(number, attempts=0)[0] == "todo"
    event.refresh_from_db()
    assert (event.state, event.attempts, event.error) == (EventState.WAITING, 0, "")
    assert not SystemAlert.objects.exists()


def decision(task: Any, error: BaseException, attempts: int) -> Any:
    job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name=task.name, attempts=attempts)
    return task.retry_strategy.get_retry_decision(exception=error, job=job)


@pytest.mark.parametrize(("state", "is_retried"), [("55P03", True), ("40P01", True), ("25P03", True), ("57014", False)])
def test_a_slow_query_is_not_repeated_for_hours(state: str, is_retried: bool) -> None:
    error = raise_in_server(state)
    assert (decision(make_export, error, attempts=10) is not None) is is_retried
    assert decision(make_export, ValueError(), attempts=10) is None
    assert decision(make_export, ValueError(), attempts=0) is not None


def test_a_frequent_periodic_job_is_not_queued_for_hours() -> None:
    error = raise_in_server("55P03")
    assert decision(seal_audit, error, attempts=3) is None
    assert decision(delete_expired_keys_and_sessions, error, attempts=3) is not None
    assert isinstance(delete_expired_keys_and_sessions.retry_strategy, JobRetryStrategy)


def test_the_delay_is_bounded() -> None:
    late = decision(make_export, raise_in_server("55P03"), attempts=29)
    assert late.retry_at - clock.now() <= timedelta(seconds=MAX_RETRY_DELAY_SECONDS)
