"""Periodic jobs, and the transaction and context of a job."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

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
        ("core.tasks.retry_abandoned_jobs", "*/5 * * * *"),
    }


def test_idempotency_keys_are_deleted_after_a_day(alice: User) -> None:
    old, new = IdempotencyKeyFactory(user=alice), IdempotencyKeyFactory(user=alice)
    IdempotencyKey.objects.filter(pk=old.pk).update(created_at=clock.now() - timedelta(hours=25))
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


def test_a_job_whose_worker_died_is_queued_again(no_jobs: None) -> None:
    number = jobs.enqueue(deliver, encrypted="")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id")
        cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", cursor.fetchone())
    assert ProcrastinateJob.objects.get(pk=number).status == "doing"
    tasks.retry_abandoned_jobs(timestamp=0)
    assert ProcrastinateJob.objects.get(pk=number).status == "todo"


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
