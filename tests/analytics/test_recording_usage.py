"""Recording of events and feature usage through the API, one by one and in bulk."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from analytics.models import FeatureUsage, UserAnalytics
from dev.factories import EventFactory, FeatureUsageFactory
from users.models import User

EVENTS, USAGE = "/api/v1/analytics/events/", "/api/v1/analytics/feature-usage/"
EVENT = {"event_date": "2026-11-22", "event_type": "session"}
USE = {"feature_name": "forecast", "usage_date": "2026-11-22"}


def test_an_event_is_recorded_with_its_known_values(as_alice: APIClient, alice: User) -> None:
    response = as_alice.post(EVENTS, EVENT | {"session_duration": 0, "event_data": {"platform": "web"}})
    row = UserAnalytics.objects.get()
    assert response.status_code == 201
    assert (row.user, row.session_duration, row.page_views, row.event_data) == (alice, 0, None, {"platform": "web"})
    assert response.json()["session_minutes"] == "0.00"


def test_bulk_creates_and_deletes_events_in_one_call(as_alice: APIClient, alice: User) -> None:
    old: Any = EventFactory(user=alice)
    response = as_alice.post(f"{EVENTS}bulk/", {"create": [EVENT, EVENT], "delete": [str(old.pk)]})
    assert response.status_code == 200, response.json()
    assert (len(response.json()["created"]), response.json()["deleted"]) == (2, 1)
    assert UserAnalytics.objects.for_user(alice).count() == 2


def test_a_bulk_call_can_not_delete_other_users_events(as_alice: APIClient, bob: User) -> None:
    theirs: Any = EventFactory(user=bob)
    response = as_alice.post(f"{EVENTS}bulk/", {"delete": [str(theirs.pk)]})
    assert response.status_code == 400
    assert UserAnalytics.objects.filter(pk=theirs.pk).exists()


def test_a_feature_has_one_row_a_day(as_alice: APIClient) -> None:
    assert as_alice.post(USAGE, USE).status_code == 201
    response = as_alice.post(USAGE, USE | {"usage_count": 5})
    assert response.status_code == 400
    assert (response.json()["errors"][0]["attr"], response.json()["errors"][0]["code"]) == ("feature_name", "unique")
    assert FeatureUsage.objects.get().usage_count == 1


def test_another_day_or_another_user_is_another_row(as_alice: APIClient, bob: User) -> None:
    FeatureUsageFactory(user=bob, **USE)
    assert as_alice.post(USAGE, USE).status_code == 201
    assert as_alice.post(USAGE, USE | {"usage_date": "2026-11-23"}).status_code == 201


def test_a_bulk_call_names_the_duplicate_row(as_alice: APIClient) -> None:
    as_alice.post(USAGE, USE)
    response = as_alice.post(f"{USAGE}bulk/", {"create": [USE | {"feature_name": "goals"}, USE]})
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "create.1.feature_name"
    assert FeatureUsage.objects.count() == 1


@pytest.mark.parametrize(
    ("url", "good", "field", "value"),
    [
        (USAGE, USE, "usage_count", -1),
        (USAGE, USE, "error_count", -1),
        (USAGE, USE, "usage_duration", -1),
        (USAGE, USE, "usage_count", 2_147_483_648),
        (USAGE, USE, "usage_count", None),
        (USAGE, USE, "success_rate", "1.01"),
        (USAGE, USE, "success_rate", "NaN"),
        (USAGE, USE, "feature_name", "  "),
        (USAGE, USE, "usage_date", "0001-01-01"),
        (USAGE, USE, "performance_metrics", []),
        (EVENTS, EVENT, "session_duration", -1),
        (EVENTS, EVENT, "page_views", -1),
        (EVENTS, EVENT, "engagement_score", "-0.01"),
        (EVENTS, EVENT, "retention_score", "0.555"),
        (EVENTS, EVENT, "event_type", ""),
        (EVENTS, EVENT, "features_used", {}),
        (EVENTS, EVENT, "event_data", {"a": "\x00"}),
        (EVENTS, EVENT, "user", "0197a1c0-7b1e-7c3a-9d55-1f0e6a2b4c8d"),
    ],
)
def test_a_bad_value_is_refused_at_its_field(
    url: str, good: dict[str, Any], field: str, value: Any, as_alice: APIClient
) -> None:
    response = as_alice.post(url, good | {field: value})
    assert response.status_code == 400
    assert {error["attr"].partition(".")[0] for error in response.json()["errors"]} == {field}
    assert not UserAnalytics.objects.exists()
    assert not FeatureUsage.objects.exists()
