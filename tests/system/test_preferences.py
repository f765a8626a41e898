"""Notification preferences by type."""

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from dev.factories import PreferenceFactory
from system import services
from system.models import NotificationType
from users.models import User

PREFERENCES = "/api/v1/system/notification-preferences/"


def test_defaults_need_no_rows(as_alice: APIClient, alice: User) -> None:
    found = services.preference_for(alice, NotificationType.HEALTH)
    assert found._state.adding
    assert (found.email_enabled, found.sms_enabled, found.push_enabled, found.frequency) == (True, False, False, "immediate")
    assert as_alice.get(PREFERENCES).json()["results"] == []


def test_a_preference_counts_for_its_type_and_user_alone(alice: User, bob: User) -> None:
    PreferenceFactory(user=alice, notification_type="health", email_enabled=False)
    assert services.preference_for(alice, NotificationType.HEALTH).email_enabled is False
    assert services.preference_for(alice, NotificationType.CAREER).email_enabled is True
    assert services.preference_for(bob, NotificationType.HEALTH).email_enabled is True


def test_a_second_preference_of_a_type_is_refused(as_alice: APIClient, alice: User) -> None:
    PreferenceFactory(user=alice, notification_type="health")
    response = as_alice.post(PREFERENCES, {"notification_type": "health"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "notification_type"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"quiet_hours_start": "22:00"}, "quiet_hours_end"),
        ({"quiet_hours_end": "07:00"}, "quiet_hours_start"),
        ({"quiet_hours_start": "22:00:00.5", "quiet_hours_end": "07:00"}, "quiet_hours_start"),
        ({"quiet_hours_start": "24:00", "quiet_hours_end": "07:00"}, "quiet_hours_start"),
        ({"frequency": "hourly"}, "frequency"),
        ({"is_enabled": True, "channels": []}, "channels"),
    ],
)
def test_invalid_values_are_refused(as_alice: APIClient, body: dict[str, object], field: str) -> None:
    response = as_alice.post(PREFERENCES, {"notification_type": "health", **body})
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == field


def test_quiet_hours_are_set_and_cleared_together(as_alice: APIClient, alice: User) -> None:
    preference = PreferenceFactory(user=alice, quiet_hours_start="22:00", quiet_hours_end="07:00")
    url = f"{PREFERENCES}{preference.pk}/"
    assert as_alice.patch(url, {"quiet_hours_start": None}).status_code == 400
    response = as_alice.patch(url, {"quiet_hours_start": None, "quiet_hours_end": None})
    assert (response.status_code, response.json()["quiet_hours_end"], response.json()["is_quiet_hours"]) == (200, None, False)


def test_the_available_and_the_enabled_channels_are_listed(as_alice: APIClient) -> None:
    created = as_alice.post(PREFERENCES, {"notification_type": "career"}).json()
    assert (created["available_channels"], created["enabled_channels"]) == (["email", "in_app", "push"], ["email"])
    assert as_alice.get(PREFERENCES, {"is_enabled": "true"}).json()["results"] == [created]


@pytest.mark.parametrize("channel", ["sms_enabled", "push_enabled"])
def test_a_channel_that_does_not_exist_is_refused(channel: str, as_alice: APIClient, alice: User, settings: Settings) -> None:
    settings.WEB_PUSH_PRIVATE_KEY = ""
    preference = PreferenceFactory(user=alice, notification_type="health")
    refused = as_alice.patch(f"{PREFERENCES}{preference.pk}/", {channel: True})
    [error] = refused.json()["errors"]
    assert (refused.status_code, error["attr"], error["code"]) == (400, channel, "channel_not_available")
    assert "available_channels" in error["detail"]
    assert as_alice.patch(f"{PREFERENCES}{preference.pk}/", {channel: False}).status_code == 200
