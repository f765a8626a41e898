"""Permissions for the product's metrics, to which customers have no access."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from analytics.models import PerformanceMetric
from dev.factories import MetricFactory
from tests.conftest import ClientFor
from users.models import User

URL = "/api/v1/analytics/metrics/"
METRIC = {"metric_date": "2026-11-22", "metric_name": "error rate", "metric_value": "0.12", "metric_unit": "%"}


@pytest.fixture
def metric(db: None) -> Any:
    return MetricFactory()


def allowed(user: User, *verbs: str) -> User:
    """Return the user with these permissions for metrics and no other."""
    names = [f"{verb}_performancemetric" for verb in verbs]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return User.objects.get(pk=user.pk)


def test_a_customer_has_no_access(as_alice: APIClient, metric: Any) -> None:
    responses = [as_alice.get(URL), as_alice.get(f"{URL}{metric.pk}/"), as_alice.post(URL, METRIC)]
    assert [response.status_code for response in responses] == [403] * 3


def test_a_customer_with_staff_permissions_has_no_access(alice: User, api: ClientFor) -> None:
    assert api(allowed(alice, "view", "add")).get(URL).status_code == 403


def test_staff_with_view_permission_can_only_read(staff: User, api: ClientFor, metric: Any) -> None:
    client = api(allowed(staff, "view"))
    assert [row["formatted_value"] for row in client.get(URL).json()["results"]] == ["1,234.50 ms"]
    assert client.post(URL, METRIC).status_code == 403
    assert client.patch(f"{URL}{metric.pk}/", {"metric_value": "1"}).status_code == 403
    assert client.delete(f"{URL}{metric.pk}/").status_code == 403


def test_staff_with_add_permission_can_only_add(staff: User, api: ClientFor, metric: Any) -> None:
    client = api(allowed(staff, "add"))
    assert client.post(URL, METRIC).status_code == 201
    assert client.post(f"{URL}bulk/", {"delete": [str(metric.pk)]}).status_code == 403
    assert client.post(f"{URL}bulk/", {"create": [METRIC]}).status_code == 403
    assert PerformanceMetric.objects.count() == 2


def test_staff_with_all_permissions_can_use_bulk(staff: User, api: ClientFor, metric: Any) -> None:
    client, other = api(allowed(staff, "add", "change", "delete")), MetricFactory()
    body = {"create": [METRIC], "update": [{"id": str(metric.pk), "metric_value": "5.00"}], "delete": [str(other.pk)]}
    response = client.post(f"{URL}bulk/", body)
    assert response.status_code == 200, response.json()
    assert sorted(str(row.metric_value) for row in PerformanceMetric.objects.all()) == ["0.12", "5.00"]


def test_a_read_token_of_staff_can_not_write(staff: User, api: ClientFor) -> None:
    assert api(allowed(staff, "add"), scope="read").post(URL, METRIC).status_code == 403


def test_negative_zero_and_unknown_values_are_accepted(administrator: User, api: ClientFor) -> None:
    client = api(administrator)
    found = [client.post(URL, METRIC | {"metric_value": value}).json() for value in ("-5.00", "0", None)]
    assert [row["is_positive"] for row in found] == [False, False, None]
    assert [row["formatted_value"] for row in found] == ["-5.00 %", "0.00 %", None]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "10000000000000.00", "0.001", "many"])
def test_an_invalid_value_is_refused(value: str, administrator: User, api: ClientFor) -> None:
    response = api(administrator).post(URL, METRIC | {"metric_value": value})
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "metric_value")
