"""The product's own figures: staff see and write them as far as their permissions go, customers never."""

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
    """`user` with these of Django's permissions for metrics."""
    names = [f"{verb}_performancemetric" for verb in verbs]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return User.objects.get(pk=user.pk)


def test_a_customer_sees_none(as_alice: APIClient, metric: Any) -> None:
    answers = [as_alice.get(URL), as_alice.get(f"{URL}{metric.pk}/"), as_alice.post(URL, METRIC)]
    assert [answer.status_code for answer in answers] == [403] * 3


def test_a_customer_with_the_permissions_of_staff_is_still_a_customer(alice: User, api: ClientFor) -> None:
    assert api(allowed(alice, "view", "add")).get(URL).status_code == 403


def test_a_colleague_who_may_look_looks(staff: User, api: ClientFor, metric: Any) -> None:
    client = api(allowed(staff, "view"))
    assert [row["formatted_value"] for row in client.get(URL).json()["results"]] == ["1,234.50 ms"]
    assert client.post(URL, METRIC).status_code == 403
    assert client.patch(f"{URL}{metric.pk}/", {"metric_value": "1"}).status_code == 403
    assert client.delete(f"{URL}{metric.pk}/").status_code == 403


def test_a_colleague_who_may_add_adds_and_does_nothing_else(staff: User, api: ClientFor, metric: Any) -> None:
    client = api(allowed(staff, "add"))
    assert client.post(URL, METRIC).status_code == 201
    assert client.post(f"{URL}bulk/", {"delete": [str(metric.pk)]}).status_code == 403
    assert client.post(f"{URL}bulk/", {"create": [METRIC]}).status_code == 403
    assert PerformanceMetric.objects.count() == 2


def test_whoever_may_do_all_does_many_at_once(staff: User, api: ClientFor, metric: Any) -> None:
    client, other = api(allowed(staff, "add", "change", "delete")), MetricFactory()
    body = {"create": [METRIC], "update": [{"id": str(metric.pk), "metric_value": "5.00"}], "delete": [str(other.pk)]}
    answer = client.post(f"{URL}bulk/", body)
    assert answer.status_code == 200, answer.json()
    assert sorted(str(row.metric_value) for row in PerformanceMetric.objects.all()) == ["0.12", "5.00"]


def test_a_read_token_of_staff_does_not_write(staff: User, api: ClientFor) -> None:
    assert api(allowed(staff, "add"), scope="read").post(URL, METRIC).status_code == 403


def test_a_negative_value_and_an_unknown_one_are_values(administrator: User, api: ClientFor) -> None:
    client = api(administrator)
    found = [client.post(URL, METRIC | {"metric_value": value}).json() for value in ("-5.00", "0", None)]
    assert [row["is_positive"] for row in found] == [False, False, None]
    assert [row["formatted_value"] for row in found] == ["-5.00 %", "0.00 %", None]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "10000000000000.00", "0.001", "many"])
def test_what_is_no_value_is_refused(value: str, administrator: User, api: ClientFor) -> None:
    answer = api(administrator).post(URL, METRIC | {"metric_value": value})
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "metric_value")
