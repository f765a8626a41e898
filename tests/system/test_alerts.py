"""Alerts in the API: own alerts, and broadcasts with a separate read state for each user."""

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


def test_a_user_sees_own_alerts_and_broadcasts(as_alice: APIClient, alice: User, bob: User, broadcast: SystemAlert) -> None:
    mine = AlertFactory(user=alice)
    AlertFactory(user=bob)
    assert {row["id"] for row in listed(as_alice)} == {str(mine.pk), str(broadcast.pk)}


def test_marking_an_alert_as_read_is_idempotent(as_alice: APIClient, alice: User) -> None:
    alert = AlertFactory(user=alice)
    with time_machine.travel(NOW, tick=False):
        first = as_alice.post(f"{ALERTS}{alert.pk}/read/")
    second = as_alice.post(f"{ALERTS}{alert.pk}/read/")
    assert first.status_code == second.status_code == 200
    assert first.json()["is_read"] is True
    assert first.json()["read_at"] == "2026-03-01T12:00:00Z"
    assert second.json()["read_at"] == first.json()["read_at"]
    assert second.headers["ETag"] == first.headers["ETag"]


def test_a_broadcast_is_read_for_one_user_only(as_alice: APIClient, as_bob: APIClient, broadcast: SystemAlert) -> None:
    response = as_alice.post(f"{ALERTS}{broadcast.pk}/read/")
    assert response.json()["is_read"] is True
    assert as_alice.get(f"{ALERTS}{broadcast.pk}/").json()["is_read"] is True
    assert as_bob.get(f"{ALERTS}{broadcast.pk}/").json()["is_read"] is False
    assert [row["is_read"] for row in listed(as_alice)] == [True]
    assert [row["is_read"] for row in listed(as_bob)] == [False]
    assert (listed(as_alice, is_read="false"), listed(as_bob, is_read="true")) == ([], [])


def test_marking_a_broadcast_as_read_is_idempotent(as_alice: APIClient, broadcast: SystemAlert) -> None:
    first = as_alice.post(f"{ALERTS}{broadcast.pk}/read/")
    second = as_alice.post(f"{ALERTS}{broadcast.pk}/read/")
    assert (first.json(), first.headers["ETag"]) == (second.json(), second.headers["ETag"])
    assert AlertReceipt.objects.count() == 1


def test_reading_changes_only_the_readers_etag(as_alice: APIClient, as_bob: APIClient, broadcast: SystemAlert) -> None:
    url = f"{ALERTS}{broadcast.pk}/"
    before, bobs = as_alice.get(url).headers["ETag"], as_bob.get(url).headers["ETag"]
    as_alice.post(f"{url}read/")
    assert as_alice.get(url, headers={"If-None-Match": before}).status_code == 200
    assert as_bob.get(url, headers={"If-None-Match": bobs}).status_code == 304
    assert as_alice.post(f"{url}take-action/", headers={"If-Match": before}).status_code == 412


def test_taking_action_stores_the_notes_and_marks_it_as_read(as_alice: APIClient, alice: User) -> None:
    alert = AlertFactory(user=alice, action_required=True)
    body = as_alice.post(f"{ALERTS}{alert.pk}/take-action/", {"action_notes": "Card renewed"}).json()
    assert (body["action_taken"], body["action_notes"], body["is_read"]) == (True, "Card renewed", True)


def test_an_action_on_a_broadcast_is_stored_for_one_user(
    as_alice: APIClient, as_bob: APIClient, broadcast: SystemAlert
) -> None:
    url = f"{ALERTS}{broadcast.pk}/"
    as_alice.post(f"{url}read/")
    as_alice.post(f"{url}take-action/", {"action_notes": "Saved my work"})
    again = as_alice.post(f"{url}take-action/").json()
    assert (again["action_taken"], again["action_notes"]) == (True, "Saved my work")
    assert (as_bob.get(url).json()["action_taken"], as_bob.get(url).json()["action_notes"]) == (False, "")
    broadcast.refresh_from_db()
    assert (broadcast.is_read, broadcast.action_taken, broadcast.action_notes) == (False, False, "")


def test_an_alert_without_a_required_action_refuses_one(as_alice: APIClient, alice: User) -> None:
    alert = AlertFactory(user=alice)
    response = as_alice.post(f"{ALERTS}{alert.pk}/take-action/", {"action_notes": "x"})
    alert.refresh_from_db()
    assert response.status_code == 409
    assert response.json()["errors"][0]["code"] == "no_action_required"
    assert (alert.is_read, alert.action_taken) == (False, False)


def test_all_alerts_can_be_marked_as_read(as_alice: APIClient, as_bob: APIClient, alice: User, broadcast: SystemAlert) -> None:
    AlertFactory.create_batch(2, user=alice)
    assert as_alice.post(f"{ALERTS}read-all/").json() == {"marked_read": 3}
    assert as_alice.post(f"{ALERTS}read-all/").json() == {"marked_read": 0}
    assert listed(as_alice, is_read="false") == []
    assert len(listed(as_bob, is_read="false")) == 1


def test_reading_many_broadcasts_takes_no_more_queries(alice: User) -> None:
    AlertFactory.create_batch(3, user=None)
    with CaptureQueriesContext(connection) as few:
        services.mark_all_read(user=alice, now=NOW)
    AlertFactory.create_batch(30, user=None)
    with CaptureQueriesContext(connection) as many:
        services.mark_all_read(user=alice, now=NOW)
    assert len(few) == len(many)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_user_cannot_create_change_or_delete_alerts(as_alice: APIClient, alice: User, method: str) -> None:
    alert = AlertFactory(user=alice)
    assert getattr(as_alice, method)(f"{ALERTS}{alert.pk}/", {"title": "x"}).status_code == 405
    assert as_alice.post(ALERTS, {"title": "x"}).status_code == 405


def test_the_list_and_the_detail_of_a_broadcast_are_equal(as_alice: APIClient, broadcast: SystemAlert) -> None:
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


def test_lists_are_sorted_and_filtered_by_the_users_priority(as_alice: APIClient, broadcast: SystemAlert) -> None:
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


def test_a_receipt_of_a_deleted_alert_is_refused(alice: User, broadcast: SystemAlert) -> None:
    SystemAlert.objects.filter(pk=broadcast.pk).delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        services.mark_read(broadcast, user=alice, now=NOW)


def test_a_deleted_broadcast_deletes_its_receipts(alice: User) -> None:
    BroadcastReceiptFactory(user=alice).alert.delete()
    assert not AlertReceipt.objects.exists()


def test_a_deleted_user_leaves_no_alerts_and_receipts(alice: User, broadcast: SystemAlert) -> None:
    AlertFactory(user=alice)
    services.mark_read(broadcast, user=alice, now=NOW)
    alice.delete()
    assert list(SystemAlert.objects.all()) == [broadcast]
    assert not AlertReceipt.objects.exists()


def test_other_apps_send_alerts_through_the_services(alice: User) -> None:
    mine = services.alert(
        user=alice, alert_type="billing", severity="high", title=" Card expires ", message="Enter the new one.\nSoon."
    )
    for_all = services.alert(
        user=None, alert_type="maintenance", severity="low", title="Sunday", message="Back soon.", expires_at=NOW
    )
    assert (mine.user, mine.title, for_all.user, for_all.is_expired) == (alice, "Card expires", None, True)
