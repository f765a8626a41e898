"""Plans in the API, which visitors may read and staff may write."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

from billing.models import SubscriptionPlan
from dev.factories import PlanFactory, SubscriptionFactory
from tests.conftest import ClientFor
from users.models import User

pytestmark = pytest.mark.django_db
URL = "/api/v1/billing/plans/"
GOOD = {"name": "New", "price": "5.00", "billing_cycle": "monthly"}


def names(client: APIClient, **query: Any) -> list[str]:
    return [plan["name"] for plan in client.get(URL, query).json()["results"]]


@pytest.fixture
def as_admin(administrator: User, api: ClientFor) -> APIClient:
    return api(administrator)


@pytest.fixture
def retired() -> SubscriptionPlan:
    return PlanFactory(name="Retired", is_active=False)


def test_a_visitor_reads_active_plans(basic: SubscriptionPlan, retired: SubscriptionPlan) -> None:
    visitor = APIClient()
    assert "Basic" in names(visitor)
    assert "Retired" not in names(visitor)
    assert visitor.get(f"{URL}{basic.pk}/").json()["features"] == {"reports": True, "insights": False}
    assert visitor.get(f"{URL}{retired.pk}/").status_code == 404


def test_a_customer_reads_the_retired_plan_of_a_subscription(
    as_alice: APIClient, alice: User, retired: SubscriptionPlan
) -> None:
    assert as_alice.get(f"{URL}{retired.pk}/").status_code == 404
    SubscriptionFactory(user=alice, plan=retired)
    assert as_alice.get(f"{URL}{retired.pk}/").json()["name"] == "Retired"


def test_staff_see_retired_plans_too(as_admin: APIClient, retired: SubscriptionPlan) -> None:
    assert names(as_admin, is_active="false") == ["Retired"]


def test_plans_are_ordered_by_price(basic: SubscriptionPlan, plus: SubscriptionPlan) -> None:
    found = names(APIClient(), name__icontains="s")
    assert found.index("Basic") < found.index("Plus")


def test_plans_are_found_by_their_features(basic: SubscriptionPlan, plus: SubscriptionPlan) -> None:
    assert names(APIClient(), features__contains='{"export": true}') == ["Plus"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_customer_can_not_write(method: str, as_alice: APIClient, basic: SubscriptionPlan) -> None:
    url = URL if method == "post" else f"{URL}{basic.pk}/"
    assert getattr(as_alice, method)(url, GOOD).status_code == 403


def test_staff_create_change_and_delete_a_plan(as_admin: APIClient) -> None:
    created = as_admin.post(URL, GOOD)
    url = f"{URL}{created.json()['id']}/"
    assert created.status_code == 201
    assert as_admin.patch(url, {"limits": {"reports_per_month": 0}}).json()["limits"] == {"reports_per_month": 0}
    assert as_admin.delete(url).status_code == 204


def test_a_read_only_token_of_staff_can_not_write(administrator: User, api: ClientFor) -> None:
    assert api(administrator, "read").post(URL, GOOD).status_code == 403


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("features", {"reports": 1}),
        ("features", {"reports": None}),
        ("features", {"reports": "true"}),
        ("features", {"reports": {"on": True}}),
        ("features", {"": True}),
        ("features", {"Reports": True}),
        ("features", {'a": true, "b': True}),
        ("features", {"a" * 101: True}),
        ("features", {"reports\n": True}),
        ("limits", {"reports": 3}),
        ("limits", {"reports_per_month": -1}),
        ("limits", {"reports_per_month": 1.5}),
        ("limits", {"reports_per_month": 1.0}),
        ("limits", {"reports_per_month": True}),
        ("limits", {"reports_per_month": "4"}),
        ("limits", {"reports_per_month": None}),
        ("limits", {"reports_per_month": 1_000_000_000}),
        ("limits", {"_per_month": 4}),
    ],
    ids=repr,
)
class TestInvalidEntitlements:
    def test_the_api_refuses_it(self, as_admin: APIClient, field: str, value: Any) -> None:
        response = as_admin.post(URL, GOOD | {field: value})
        assert response.status_code == 400
        assert [error["attr"].split(".")[0] for error in response.json()["errors"]] == [field]

    def test_the_database_refuses_it(self, field: str, value: Any) -> None:
        plan = PlanFactory()
        with pytest.raises(IntegrityError, match=f"{field}_values"), transaction.atomic():
            SubscriptionPlan.objects.filter(pk=plan.pk).update(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("features", {}),
        ("features", {"a": True, "b_2": False}),
        ("limits", {}),
        ("limits", {"reports_per_month": 0, "calls_per_month": 999_999_999}),
    ],
)
def test_the_database_accepts_valid_entitlements(field: str, value: Any) -> None:
    plan = PlanFactory(**{field: value})
    plan.full_clean()
    assert SubscriptionPlan.objects.filter(pk=plan.pk, **{field: value}).exists()


def test_a_plan_with_subscriptions_can_not_be_deleted(as_admin: APIClient, basic: SubscriptionPlan) -> None:
    SubscriptionFactory(plan=basic)
    response = as_admin.delete(f"{URL}{basic.pk}/")
    assert response.status_code == 409
    assert "is_active" in response.json()["errors"][0]["detail"]
    assert SubscriptionPlan.objects.filter(pk=basic.pk).exists()


def test_changed_features_are_granted_by_a_job(as_admin: APIClient, basic: SubscriptionPlan) -> None:
    as_admin.patch(f"{URL}{basic.pk}/", {"price": "11.00"})
    assert not ProcrastinateJob.objects.filter(task_name="billing.tasks.regrant_plan").exists()
    as_admin.patch(f"{URL}{basic.pk}/", {"features": {"reports": False}})
    [job] = ProcrastinateJob.objects.filter(task_name="billing.tasks.regrant_plan")
    assert job.args == {"plan_id": str(basic.pk)}
