"""The overview for analysts: sums over many customers, without small groups or single customers."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from analytics import aggregates
from core import clock
from dev.factories import CheckinFactory, FeatureUsageFactory, PlanFactory, SubscriptionFactory, UserFactory
from tests.admin.conftest import SignedIn
from tests.admin.pages import REGISTERED, make, name, page_url
from users.models import User

pytestmark = pytest.mark.django_db
PAGE = "/admin/analytics/performancemetric/overview/"


@pytest.fixture
def analyst(staff: User, signed_in: SignedIn) -> Client:
    staff.groups.set([Group.objects.get(name="analyst")])
    return signed_in(staff)


def create_customers(number: int) -> list[User]:
    return UserFactory.create_batch(number)


def test_groups_of_five_are_counted_and_of_four_left_out(analyst: Client) -> None:
    today = clock.now().date()
    five, four = create_customers(5), create_customers(4)
    [FeatureUsageFactory(user=user, feature_name="budget", usage_date=today, usage_count=3) for user in five]
    [FeatureUsageFactory(user=user, feature_name="secret habit", usage_date=today) for user in four]
    table = aggregates.use_of_features(clock.now())
    assert [(group.name, group.people, group.figures[0]) for group in table.groups] == [("budget", 5, 15)]
    assert "secret habit" not in analyst.get(PAGE).content.decode()


def test_a_single_active_user_is_not_shown_as_a_group() -> None:
    one = UserFactory()
    FeatureUsageFactory.create_batch(9, user=one, usage_date=clock.now().date())
    assert aggregates.use_of_features(clock.now()).groups == []


def test_plans_are_summed_up() -> None:
    plan = PlanFactory(name="Family", price="20.00")
    charges: Any = {"unit_price": "20.00", "interval": "month", "recurring_amount": "20.00"}
    [SubscriptionFactory(user=user, plan=plan, running=True, **charges) for user in create_customers(5)]
    table = aggregates.customers_by_plan()
    assert [(group.name, group.people, str(group.figures[-1])) for group in table.groups] == [("Family", 5, "100.00")]


def test_check_ins_are_averaged_by_month() -> None:
    day = clock.now().date().replace(day=1)
    [CheckinFactory(user=user, checkin_date=day, mood_score=mood) for mood, user in enumerate(create_customers(5), 4)]
    groups = aggregates.checkins_by_month(clock.now()).groups
    assert [(group.name, group.people, str(group.figures[0])) for group in groups] == [(f"{day:%Y-%m}", 5, "6.00")]


def test_the_page_names_no_customer_and_has_no_inline_script(analyst: Client) -> None:
    customers = create_customers(6)
    text = analyst.get(PAGE).content.decode()
    content = text[text.index("Totals over all customers") : text.rindex("</section>")]
    assert f"{clock.now():%Y-%m}" in content
    assert not any(str(user.pk) in text or user.email in text for user in customers)
    assert not re.search(r"<script|style=|on\w+=", content)


def test_staff_with_another_role_can_not_open_it(staff: User, signed_in: SignedIn) -> None:
    staff.groups.set([Group.objects.get(name="support")])
    assert signed_in(staff).get(PAGE).status_code == 403


@pytest.mark.parametrize("model", REGISTERED, ids=name)
def test_an_analyst_opens_no_row_of_a_customer(model: type, analyst: Client) -> None:
    row = make(model)
    statuses = {
        analyst.get(page_url(model, "changelist")).status_code,
        analyst.get(page_url(model, "change", row.pk)).status_code,
    }
    assert statuses == ({200} if model.__name__ == "PerformanceMetric" else {403})
