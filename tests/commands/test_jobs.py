"""Periodic jobs, and the transaction and context of a job."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from procrastinate import periodic
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob
from pytest_django import Settings

from core import clock, context, jobs, tasks
from core.mail import deliver
from core.models.base import IdempotencyKey
from dev.factories import IdempotencyKeyFactory, SessionFactory, TokenFactory
from users.models import PersonalAccessToken, User, UserSession
from users.tasks import delete_expired_tokens


def test_the_nightly_jobs_are_planned() -> None:
    planned = {(item.task.name, item.cron) for item in app.periodic_registry.periodic_tasks.values()}
    assert planned >= {
        ("core.tasks.delete_expired_keys_and_sessions", "0 3 * * *"),
        ("users.tasks.delete_expired_tokens", "0 3 * * *"),
        ("core.tasks.retry_abandoned_jobs", "* * * * *"),
    }


def test_periodic_jobs_continue_when_the_clock_was_set() -> None:
    deferrer = periodic.PeriodicDeferrer(registry=app.periodic_registry, max_delay=jobs.MAX_PERIODIC_DELAY_SECONDS)

    def times_of_minute_job(at: float) -> list[int]:
        found = list(deferrer.get_previous_tasks(at=at))
        return [moment for item, moment in found if item.task.name == "core.tasks.retry_abandoned_jobs"]

    minute, day = 1_800_000_000, 86_400
    for start in (minute, minute + 60, minute + day, minute + 120, minute - day):
        assert times_of_minute_job(start + 30.0) == [start]


def test_idempotency_keys_are_deleted_after_two_days(alice: User) -> None:
    old, new = IdempotencyKeyFactory(user=alice), IdempotencyKeyFactory(user=alice)
    IdempotencyKey.objects.filter(pk=old.pk).update(created_at=clock.now() - timedelta(hours=49))
    tasks.delete_expired_keys_and_sessions(timestamp=0)
    assert [row.pk for row in IdempotencyKey.objects.all()] == [new.pk]


@pytest.mark.django_db
def test_expired_sessions_are_deleted() -> None:
    SessionFactory(user=None, digest="old", expires_at=clock.now() - timedelta(seconds=1))
    SessionFactory(user=None, digest="new")
    tasks.delete_expired_keys_and_sessions(timestamp=0)
    assert list(UserSession.objects.values_list("digest", flat=True)) == ["new"]


def test_devices_of_expired_sessions_are_stored_for_3_months(alice: User) -> None:
    expired = {"user": alice, "expires_at": clock.now() - timedelta(seconds=1)}
    recent = SessionFactory(**expired)
    SessionFactory(**expired, last_seen_at=clock.now() - timedelta(days=91))
    tasks.delete_expired_keys_and_sessions(timestamp=0)
    assert list(UserSession.objects.values_list("pk", "digest", "data")) == [(recent.pk, None, "")]


def test_expired_tokens_are_deleted(alice: User) -> None:
    old, new = TokenFactory(user=alice), TokenFactory(user=alice)
    PersonalAccessToken.objects.filter(pk=old.pk).update(expiry=clock.now() - timedelta(seconds=1))
    delete_expired_tokens(timestamp=0)
    assert [row.pk for row in PersonalAccessToken.objects.all()] == [new.pk]


def die_while_running(number: int) -> None:
    """Let a worker fetch the job and send no heartbeat for an hour."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id")
        cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", cursor.fetchone())
        assert cursor.fetchone() == (number,)


def events_of(number: int) -> list[str]:
    events = ProcrastinateEvent.objects.filter(job_id=number)
    return list(events.exclude(type="scheduled").order_by("id").values_list("type", flat=True))


def test_a_job_whose_worker_died_is_queued_again(no_jobs: None, caplog: pytest.LogCaptureFixture) -> None:
    number = jobs.enqueue(deliver, encrypted="")
    die_while_running(number)
    tasks.retry_abandoned_jobs(timestamp=0)
    job = ProcrastinateJob.objects.get(pk=number)
    assert (job.status, job.attempts) == ("todo", 0)
    assert caplog.messages == [f"A worker died while it ran job {number}, core.mail.deliver. The job is retried."]


def test_a_job_that_a_worker_runs_is_left_alone(no_jobs: None) -> None:
    number = jobs.enqueue(deliver, encrypted="")
    die_while_running(number)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '20 seconds'")
    tasks.retry_abandoned_jobs(timestamp=0)
    assert ProcrastinateJob.objects.get(pk=number).status == "doing"


def test_a_job_of_a_worker_that_was_deleted_is_queued_again(no_jobs: None) -> None:
    number = jobs.enqueue(deliver, encrypted="")
    die_while_running(number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT procrastinate_prune_stalled_workers_v1(30)")
    tasks.retry_abandoned_jobs(timestamp=0)
    assert ProcrastinateJob.objects.get(pk=number).status == "todo"


def test_a_job_stays_failed_when_too_many_workers_died_of_it(
    no_jobs: None, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.JOB_MAX_DEATHS = 2
    number = jobs.enqueue(deliver, encrypted="")
    for _ in range(2):
        die_while_running(number)
        tasks.retry_abandoned_jobs(timestamp=0)
    tasks.retry_abandoned_jobs(timestamp=0)
    assert ProcrastinateJob.objects.get(pk=number).status == "failed"
    assert events_of(number) == ["deferred", "started", "failed", "retried", "started", "failed"]
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]
    assert "The job stays failed, because too many workers died" in caplog.messages[-1]


def test_retries_after_exceptions_are_not_counted_as_deaths(no_jobs: None, settings: Settings) -> None:
    settings.JOB_MAX_DEATHS = 2
    number = jobs.enqueue(deliver, encrypted="")
    for _ in range(3):
        die_while_running(number)
        with connection.cursor() as cursor:
            cursor.execute("SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)", [number])
    die_while_running(number)
    tasks.retry_abandoned_jobs(timestamp=0)
    assert ProcrastinateJob.objects.get(pk=number).status == "todo"


def test_a_job_that_was_to_be_aborted_is_not_retried(no_jobs: None) -> None:
    number = jobs.enqueue(deliver, encrypted="")
    die_while_running(number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT procrastinate_cancel_job_v1(%s, true, false)", [number])
    tasks.retry_abandoned_jobs(timestamp=0)
    assert ProcrastinateJob.objects.get(pk=number).status == "failed"


def test_a_job_is_rolled_back_with_its_transaction(no_jobs: None) -> None:
    with transaction.atomic():
        jobs.enqueue(deliver, encrypted="")
        transaction.set_rollback(True)
    assert not ProcrastinateJob.objects.exists()


def test_a_job_runs_as_an_action_with_its_number(no_jobs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    store = SimpleNamespace(clear_expired=lambda: seen.append(context.current().request_id))
    monkeypatch.setattr(tasks, "import_string", lambda path: store)
    number = jobs.enqueue(tasks.delete_expired_keys_and_sessions, timestamp=0)
    jobs.run_pending()
    assert f"job-{number}" in seen
