"""The outbox of webhooks: which changes become messages, and the job that a transaction enqueues."""

from collections.abc import Iterable
from typing import Any
from unittest.mock import ANY

import orjson
import psycopg
import pytest
from django.db import connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from core import changes, clock
from dev.factories import AccountFactory, PayeeFactory, TokenFactory, TransactionFactory, WebhookEndpointFactory
from finance.models import FinancialTransaction
from tests.commands.conftest import url_of_tests_database
from tests.webhooks.conftest import forget_jobs
from users.models import User, WebhookEndpoint, WebhookMessage
from users.webhooks import outbox
from users.webhooks.outbox import create_messages

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def endpoint(no_jobs: None, alice: User) -> WebhookEndpoint:
    """Return an endpoint that gets messages about changes from now on."""
    AccountFactory(user=alice)
    made = WebhookEndpointFactory(user=alice)
    WebhookEndpoint.objects.update(position=changes.position_of(alice.pk))
    return made


def data_of(messages: Iterable[WebhookMessage]) -> list[tuple[str, dict[str, Any]]]:
    return [(message.event_type, orjson.loads(message.body)["data"]) for message in messages]


def created(user: User) -> list[WebhookMessage]:
    """Create the messages that are missing, and return all, oldest first."""
    create_messages(user.pk, now=clock.now())
    return list(WebhookMessage.objects.filter(user=user).order_by("id"))


def keys(rows: Iterable[Any]) -> list[str]:
    return [str(row.pk) for row in rows]


def jobs_of(user: User) -> list[tuple[str, str]]:
    jobs = ProcrastinateJob.objects.filter(task_name="users.tasks.send_webhooks", args={"user": str(user.pk)})
    return list(jobs.values_list("queue_name", "status"))


def test_a_transaction_is_one_message_of_each_kind(endpoint: WebhookEndpoint, alice: User) -> None:
    with transaction.atomic():
        payee = PayeeFactory(user=alice)
        rows = [TransactionFactory(user=alice, financial_profile=alice.encryptedfinancialprofile_set.get()) for _ in range(3)]
    found = dict(data_of(created(alice)))
    assert found["transaction.changed"] == {
        "object": "transaction",
        "position": changes.position_of(alice.pk),
        "count": 3,
        "ids": keys(rows),
        "deleted_count": 0,
        "deleted_ids": [],
    }
    assert found["payee.changed"]["ids"] == keys([payee])


def test_a_body_has_the_time_of_the_change(endpoint: WebhookEndpoint, alice: User) -> None:
    before = clock.now()
    PayeeFactory(user=alice)
    [message] = created(alice)
    body = orjson.loads(message.body)
    assert body == {"type": "payee.changed", "timestamp": ANY, "data": ANY}
    assert before.isoformat()[:19] <= body["timestamp"][:19] <= clock.now().isoformat()[:19]
    assert body["timestamp"].endswith("Z")


def test_many_rows_are_one_message_with_the_first_keys(endpoint: WebhookEndpoint, alice: User) -> None:
    account = alice.encryptedfinancialprofile_set.get()
    with transaction.atomic():
        rows = [TransactionFactory(user=alice, financial_profile=account) for _ in range(101)]
    found = dict(data_of(created(alice)))["transaction.changed"]
    assert (found["count"], found["ids"]) == (101, keys(rows[:100]))


def test_a_deleted_row_is_only_among_the_deleted(endpoint: WebhookEndpoint, alice: User) -> None:
    payee = PayeeFactory(user=alice)
    with transaction.atomic():
        payee.name = "Changed before"
        payee.save()
        payee_key = payee.pk
        payee.delete()
    [_, (_, data)] = data_of(created(alice))
    assert (data["count"], data["deleted_count"], data["deleted_ids"]) == (0, 1, [str(payee_key)])


def test_positions_are_messages_in_order(endpoint: WebhookEndpoint, alice: User) -> None:
    first, second = PayeeFactory(user=alice), PayeeFactory(user=alice)
    assert [data["ids"] for _, data in data_of(created(alice))] == [keys([first]), keys([second])]
    assert WebhookEndpoint.objects.get().position == changes.position_of(alice.pk)


def test_no_change_is_a_message_twice(endpoint: WebhookEndpoint, alice: User) -> None:
    PayeeFactory(user=alice)
    assert len(created(alice)) == 1
    assert len(created(alice)) == 1


def test_more_positions_than_one_transaction_takes(
    endpoint: WebhookEndpoint, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_POSITIONS", 2)
    rows = [PayeeFactory(user=alice) for _ in range(5)]
    assert [data["ids"] for _, data in data_of(created(alice))] == [keys([row]) for row in rows]


def test_an_endpoint_gets_the_types_it_asked_for(endpoint: WebhookEndpoint, alice: User) -> None:
    WebhookEndpoint.objects.update(event_types=["tag.changed"])
    PayeeFactory(user=alice)
    assert created(alice) == []
    assert WebhookEndpoint.objects.get().position == changes.position_of(alice.pk)


def test_each_endpoint_gets_what_it_lacks(endpoint: WebhookEndpoint, alice: User) -> None:
    PayeeFactory(user=alice)
    later = WebhookEndpointFactory(user=alice)
    WebhookEndpoint.objects.filter(pk=later.pk).update(position=changes.position_of(alice.pk))
    PayeeFactory(user=alice)
    assert [message.endpoint_id for message in created(alice)].count(endpoint.pk) == 2
    assert WebhookMessage.objects.filter(endpoint_id=later.pk).count() == 1


def test_a_disabled_endpoint_gets_nothing(endpoint: WebhookEndpoint, alice: User) -> None:
    WebhookEndpoint.objects.update(is_enabled=False)
    PayeeFactory(user=alice)
    assert created(alice) == []


def test_credentials_are_no_messages(endpoint: WebhookEndpoint, alice: User) -> None:
    TokenFactory(user=alice)
    WebhookEndpoint.objects.update(name="Another name")
    assert created(alice) == []


def test_another_users_changes_are_no_messages(endpoint: WebhookEndpoint, alice: User, bob: User) -> None:
    PayeeFactory(user=bob)
    assert created(alice) == []
    assert created(bob) == []


def test_a_change_enqueues_the_job(endpoint: WebhookEndpoint, alice: User) -> None:
    forget_jobs()
    PayeeFactory(user=alice)
    assert jobs_of(alice) == [("webhooks", "todo")]


def test_changes_enqueue_one_waiting_job(endpoint: WebhookEndpoint, alice: User) -> None:
    PayeeFactory(user=alice)
    PayeeFactory(user=alice)
    assert jobs_of(alice) == [("webhooks", "todo")]


def test_a_transaction_that_is_rolled_back_enqueues_nothing(endpoint: WebhookEndpoint, alice: User) -> None:
    forget_jobs()
    with transaction.atomic():
        PayeeFactory(user=alice)
        transaction.set_rollback(True)
    assert jobs_of(alice) == []


def test_a_user_without_an_enabled_endpoint_has_no_job(endpoint: WebhookEndpoint, alice: User, bob: User) -> None:
    WebhookEndpoint.objects.update(is_enabled=False)
    forget_jobs()
    PayeeFactory(user=alice)
    PayeeFactory(user=bob)
    assert jobs_of(alice) == jobs_of(bob) == []


def test_changes_of_a_bulk_statement_count(endpoint: WebhookEndpoint, alice: User) -> None:
    account = alice.encryptedfinancialprofile_set.get()
    row = TransactionFactory(user=alice, financial_profile=account)
    created(alice)
    FinancialTransaction.objects.filter(pk=row.pk).update(description="Changed")
    assert created(alice)[-1].event_type == "transaction.changed"


def test_a_waiting_job_does_not_start_before_the_commit(endpoint: WebhookEndpoint, alice: User) -> None:
    PayeeFactory(user=alice)
    fetch = "SELECT id IS NOT NULL FROM procrastinate_fetch_job_v2(ARRAY['webhooks'], NULL)"
    with psycopg.connect(url_of_tests_database(), autocommit=True) as worker:
        with transaction.atomic():
            PayeeFactory(user=alice)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS raise_positions IMMEDIATE")  # as the commit does
            assert worker.execute(fetch).fetchone() == (False,)
        assert worker.execute(fetch).fetchone() == (True,)
    assert len(created(alice)) == 2


def test_coming_months_of_the_change_log_have_the_trigger() -> None:
    changes.keep_months()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(tgname) FROM pg_partition_tree('core_changeset') "
            "LEFT JOIN pg_trigger ON tgrelid = relid AND tgname = 'wake_webhooks'"
        )
        partitions, triggers = cursor.fetchone()
    assert partitions == triggers > 2
