"""Alerts in the API: each user reads his own, and each reads a broadcast for himself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from core import clock
from dev.factories import AlertFactory, BroadcastReceiptFactory
from system import services
from system.models import AlertReceipt, SystemAlert
from tests.conftest import ClientFor
from users.models import User

ALERTS = "/api/v1/system/alerts/"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def as_bob(bob: User, api: ClientFor) -> APIClient:
    return api(bob)


@pytest.fixture
def broadcast(db: None) -> SystemAlert:
    return AlertFactory.create(user=None, title="Maintenance on Sunday", action_required=True)


def listed(client: APIClient, **filters: Any) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = client.get(ALERTS, filters).json()["results"]
    return results


def test_a_user_sees_his_own_and_the_broadcasts(as_alice: APIClient, alice: User, bob: User, broadcast: SystemAlert) -> None:
    mine = AlertFactory(user=alice)
    AlertFactory(user=bob)
    assert {row["id"] for row in listed(as_alice)} == {str(mine.pk), str(broadcast.pk)}


def test_reading_marks_it_read_and_twice_changes_nothing(as_alice: APIClient, alice: User) -> None:
    alert = AlertFactory(user=alice)
    with time_machine.travel(NOW, tick=False):
        first = as_alice.post(f"{ALERTS}{alert.pk}/read/")
    second = as_alice.post(f"{ALERTS}{alert.pk}/read/")
    assert first.status_code == second.status_code == 200
    assert first.json()["is_read"] is True
    assert first.json()["read_at"] == "2026-03-01T12:00:00Z"
    assert second.json()["read_at"] == first.json()["read_at"]
    assert second.headers["ETag"] == first.headers["ETag"]


def test_one_users_reading_of_a_broadcast_hides_it_from_no_one_else(
    as_alice: APIClient, as_bob: APIClient, broadcast: SystemAlert
) -> None:
    answer = as_alice.post(f"{ALERTS}{broadcast.pk}/read/")
    assert answer.json()["is_read"] is True
    assert as_alice.get(f"{ALERTS}{broadcast.pk}/").json()["is_read"] is True
    assert as_bob.get(f"{ALERTS}{broadcast.pk}/").json()["is_read"] is False
    assert [row["is_read"] for row in listed(as_alice)] == [True]
    assert [row["is_read"] for row in listed(as_bob)] == [False]
    assert (listed(as_alice, is_read="false"), listed(as_bob, is_read="true")) == ([], [])


def test_reading_a_broadcast_twice_changes_nothing(as_alice: APIClient, broadcast: SystemAlert) -> None:
    first = as_alice.post(f"{ALERTS}{broadcast.pk}/read/")
    second = as_alice.post(f"{ALERTS}{broadcast.pk}/read/")
    assert (first.json(), first.headers["ETag"]) == (second.json(), second.headers["ETag"])
    assert AlertReceipt.objects.count() == 1


def test_reading_changes_the_readers_entity_tag_alone(as_alice: APIClient, as_bob: APIClient, broadcast: SystemAlert) -> None:
    address = f"{ALERTS}{broadcast.pk}/"
    before, bobs = as_alice.get(address).headers["ETag"], as_bob.get(address).headers["ETag"]
    as_alice.post(f"{address}read/")
    assert as_alice.get(address, headers={"If-None-Match": before}).status_code == 200
    assert as_bob.get(address, headers={"If-None-Match": bobs}).status_code == 304
    assert as_alice.post(f"{address}take-action/", headers={"If-Match": before}).status_code == 412


def test_taking_action_keeps_the_notes_and_reads_it(as_alice: APIClient, alice: User) -> None:
    alert = AlertFactory(user=alice, action_required=True)
    answer = as_alice.post(f"{ALERTS}{alert.pk}/take-action/", {"action_notes": "Card renewed"}).json()
    assert (answer["action_taken"], answer["action_notes"], answer["is_read"]) == (True, "Card renewed", True)


def test_acting_on_a_broadcast_is_each_users_own(as_alice: APIClient, as_bob: APIClient, broadcast: SystemAlert) -> None:
    address = f"{ALERTS}{broadcast.pk}/"
    as_alice.post(f"{address}read/")
    as_alice.post(f"{address}take-action/", {"action_notes": "Saved my work"})
    again = as_alice.post(f"{address}take-action/").json()
    assert (again["action_taken"], again["action_notes"]) == (True, "Saved my work")
    assert (as_bob.get(address).json()["action_taken"], as_bob.get(address).json()["action_notes"]) == (False, "")
    broadcast.refresh_from_db()
    assert (broadcast.is_read, broadcast.action_taken, broadcast.action_notes) == (False, False, "")


def test_where_nothing_is_asked_there_is_no_action_to_take(as_alice: APIClient, alice: User) -> None:
    alert = AlertFactory(user=alice)
    answer = as_alice.post(f"{ALERTS}{alert.pk}/take-action/", {"action_notes": "x"})
    alert.refresh_from_db()
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["code"] == "no_action_required"
    assert (alert.is_read, alert.action_taken) == (False, False)


def test_everything_can_be_read_at_once(as_alice: APIClient, as_bob: APIClient, alice: User, broadcast: SystemAlert) -> None:
    AlertFactory.create_batch(2, user=alice)
    assert as_alice.post(f"{ALERTS}read-all/").json() == {"marked_read": 3}
    assert as_alice.post(f"{ALERTS}read-all/").json() == {"marked_read": 0}
    assert listed(as_alice, is_read="false") == []
    assert len(listed(as_bob, is_read="false")) == 1


def test_reading_everything_takes_as_many_queries_for_many_broadcasts(alice: User) -> None:
    AlertFactory.create_batch(3, user=None)
    with CaptureQueriesContext(connection) as few:
        services.mark_all_read(user=alice, now=NOW)
    AlertFactory.create_batch(30, user=None)
    with CaptureQueriesContext(connection) as many:
        services.mark_all_read(user=alice, now=NOW)
    assert len(few) == len(many)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_user_neither_sends_nor_changes_nor_deletes_alerts(as_alice: APIClient, alice: User, method: str) -> None:
    alert = AlertFactory(user=alice)
    assert getattr(as_alice, method)(f"{ALERTS}{alert.pk}/", {"title": "x"}).status_code == 405
    assert as_alice.post(ALERTS, {"title": "x"}).status_code == 405


def test_the_list_and_the_page_of_a_broadcast_say_the_same(as_alice: APIClient, broadcast: SystemAlert) -> None:
    as_alice.post(f"{ALERTS}{broadcast.pk}/take-action/", {"action_notes": "Done"})
    SystemAlert.objects.filter(pk=broadcast.pk).update(severity="critical")
    with time_machine.travel(clock.now() + timedelta(days=9), tick=False):
        assert listed(as_alice) == [as_alice.get(f"{ALERTS}{broadcast.pk}/").json()]
        assert listed(as_alice)[0]["priority_score"] == 5


@pytest.mark.parametrize(
    ("severity", "is_read", "action_required", "age", "score"),
    [
        ("low", False, False, 0, 2),
        ("low", True, False, 0, 1),
        ("low", True, False, 8, 1),
        ("low", False, False, 8, 1),
        ("medium", False, False, 7, 3),
        ("medium", False, False, 8, 2),
        ("high", False, True, 0, 6),
        ("critical", False, True, 0, 7),
        ("critical", True, True, 8, 5),
    ],
)
def test_the_priority(alice: User, severity: str, is_read: bool, action_required: bool, age: int, score: int) -> None:
    read_at = NOW if is_read else None
    alert = AlertFactory(user=alice, severity=severity, is_read=is_read, read_at=read_at, action_required=action_required)
    with time_machine.travel(alert.created_at + timedelta(days=age, hours=23), tick=False):
        assert alert.priority_score == score
        assert SystemAlert.objects.for_user(alice).filter(priority_score=score).exists()
        assert SystemAlert.objects.values_list(SystemAlert.sql_derived()["priority_score"]).get() == (score,)


def test_lists_are_sorted_and_filtered_by_priority_as_the_user_has_read(as_alice: APIClient, broadcast: SystemAlert) -> None:
    AlertFactory(user=None, severity="high", title="Unread")
    as_alice.post(f"{ALERTS}{broadcast.pk}/read/")
    rows = listed(as_alice, ordering="-priority_score")
    assert [(row["title"], row["priority_score"]) for row in rows] == [("Unread", 4), ("Maintenance on Sunday", 4)]
    AlertFactory(user=None, severity="low", title="Least")
    assert [row["title"] for row in listed(as_alice, priority_score__lte=2)] == ["Least"]


def test_it_expires_at_its_instant(alice: User) -> None:
    alert = AlertFactory(user=alice, expires_at=NOW)
    with time_machine.travel(NOW - timedelta(days=2, seconds=1), tick=False):
        assert (alert.is_active, alert.is_expired, alert.days_until_expiry) == (True, False, 2)
    with time_machine.travel(NOW, tick=False):
        assert (alert.is_active, alert.is_expired, alert.days_until_expiry) == (False, True, 0)


def test_a_receipt_of_an_alert_that_is_gone_is_refused_at_once(alice: User, broadcast: SystemAlert) -> None:
    SystemAlert.objects.filter(pk=broadcast.pk).delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        services.mark_read(broadcast, user=alice, now=NOW)


def test_a_deleted_broadcast_takes_its_receipts_along(alice: User) -> None:
    BroadcastReceiptFactory(user=alice).alert.delete()
    assert not AlertReceipt.objects.exists()


def test_a_leaving_user_takes_his_alerts_and_receipts_along(alice: User, broadcast: SystemAlert) -> None:
    AlertFactory(user=alice)
    services.mark_read(broadcast, user=alice, now=NOW)
    alice.delete()
    assert list(SystemAlert.objects.all()) == [broadcast]
    assert not AlertReceipt.objects.exists()


def test_other_apps_send_alerts_through_the_services(alice: User) -> None:
    mine = services.alert(
        user=alice, alert_type="billing", severity="high", title=" Card expires ", message="Enter the new one.\nSoon."
    )
    everybodys = services.alert(
        user=None, alert_type="maintenance", severity="low", title="Sunday", message="Back soon.", expires_at=NOW
    )
    assert (mine.user, mine.title, everybodys.user, everybodys.is_expired) == (alice, "Card expires", None, True)
