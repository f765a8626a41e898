"""The table of access by status and instant, pinned in plan_access.txt and compared with the database."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.test import Client

from billing import services
from billing.models import FeatureAccess, Subscription
from billing.models.subscriptions import SubscriptionStatus
from billing.plan_access_table import STATUSES, TRIAL_START, TableRow, changes, lines
from dev.factories import InvoiceFactory, PlanFactory, SubscriptionFactory
from tests.sign_in import sign_in
from users.models import User

PINNED = Path(__file__).with_name("plan_access.txt").read_text().splitlines()
PAGE = "/admin/billing/subscription/plan-access/"
GRACE = timedelta(days=7)
LINES = list(lines(grace=GRACE))


def formatted(line: TableRow) -> str:
    facts = line.facts.status + (", canceled" if line.facts.cancel_at_period_end else "")
    unpaid = f", unpaid since {line.unpaid_since:%m-%d}" if line.unpaid_since else ""
    until = f" until {line.access.until:%m-%d %H:%M}" if line.access.until else ""
    is_open = "open" if line.access.is_open else "closed"
    return f"{facts}{unpaid} | {line.side} {line.edge} | {is_open}{until} | {line.access.why}"


def test_the_table_has_every_status_at_every_edge() -> None:
    assert set(STATUSES) == set(SubscriptionStatus.values)
    assert len(LINES) == (8 + 1) * 2 * 5 * 3


def test_decisions_are_as_pinned() -> None:
    found = [formatted(line) for line in changes(grace=GRACE)]
    assert found == PINNED, "If the change is intended, update tests/billing/plan_access.txt."


@pytest.mark.django_db
@pytest.mark.parametrize("status", STATUSES)
def test_the_lines_match_the_database(status: str, alice: User, settings: Any) -> None:
    settings.BILLING_GRACE_DAYS = GRACE.days
    row = SubscriptionFactory(user=alice, plan=PlanFactory(), trial_start=TRIAL_START, status=status)
    of_status = [line for line in LINES if line.facts.status == status]
    wrong = [line for line in of_status if shown(row, line) != line.access.is_open]
    assert (len(of_status), wrong) == (60 if status == "past_due" else 30, [])


def shown(row: Subscription, line: TableRow) -> bool:
    """Return True if the plan's feature can be used at the line's instant, and check that SQL and Python agree."""
    facts = line.facts
    Subscription.objects.filter(pk=row.pk).update(**vars(facts))
    row.invoices.all().delete()
    if line.unpaid_since:
        InvoiceFactory(user=row.user, subscription=row, status="failed", billing_date=line.unpaid_since)
    with time_machine.travel(line.now, tick=False):
        services.sync_feature_access(user=row.user, now=line.now)
        found = FeatureAccess.objects.for_user(row.user).filter(feature_name="reports")
        access = found.first()
        in_sql = found.alias(usable=FeatureAccess.sql_derived()["can_use"]).filter(usable=True).exists()
        assert in_sql == (access is not None and access.can_use)
    return in_sql


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["trialing", "active", "past_due"])
def test_access_ends_by_the_clock_without_a_sync(status: str, alice: User, settings: Any) -> None:
    settings.BILLING_GRACE_DAYS = GRACE.days
    row = SubscriptionFactory(user=alice, plan=PlanFactory(), trial_start=TRIAL_START, status=status)
    for line in (line for line in LINES if line.facts.status == status and line.access.is_open and not line.unpaid_since):
        Subscription.objects.filter(pk=row.pk).update(**vars(line.facts))
        services.sync_feature_access(user=alice, now=line.now)
        access = FeatureAccess.objects.for_user(alice).get(feature_name="reports")
        end = line.access.until
        assert end is not None
        assert (access.is_open_at(end - timedelta(seconds=1)), access.is_open_at(end)) == (True, False)


@pytest.fixture
def billing_staff(staff: User) -> Client:
    staff.groups.set([Group.objects.get(name="billing")])
    client = Client()
    sign_in(client, staff)
    return client


def test_the_page_shows_every_decision_and_the_settings(billing_staff: Client, settings: Any) -> None:
    settings.BILLING_GRACE_DAYS = 5
    text = billing_staff.get(PAGE).content.decode()
    assert text.count("<table") == len(STATUSES)
    assert text.count('<td class="nowrap">no</td>') + text.count("at period end") == len(list(changes(grace=timedelta(days=5))))
    assert "has access for 5 days" in text
    assert "The payment of 2026-03-15 12:00 UTC failed. Access continues until 2026-03-20 12:00 UTC." in text


def test_the_page_shows_one_status(billing_staff: Client) -> None:
    text = billing_staff.get(PAGE, {"status": "trialing"}).content.decode()
    assert text.count("<table") == 1
    assert "The trial runs until 2026-03-15 12:00 UTC." in text
    assert "The subscription is paused." not in text


def test_an_unknown_status_shows_all(billing_staff: Client) -> None:
    response = billing_staff.get(PAGE, {"status": "gold"})
    assert (response.status_code, response.content.decode().count("<table")) == (200, len(STATUSES))


def test_an_analyst_can_not_open_the_page(staff: User) -> None:
    staff.groups.set([Group.objects.get(name="analyst")])
    client = Client()
    sign_in(client, staff)
    assert client.get(PAGE).status_code == 403
