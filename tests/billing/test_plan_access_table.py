"""`docs/billing-access.md` is what the code decides, and what the database then shows, line by line."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command

from billing import services
from billing.models import FeatureAccess, Subscription
from billing.models.subscriptions import SubscriptionStatus
from billing.plan_access_table import GRACE, HEAD, STATUSES, TRIAL_START, Line, lines, table
from dev.factories import InvoiceFactory, PlanFactory, SubscriptionFactory
from users.models import User

PAGE = Path(__file__).resolve().parents[2] / "docs" / "billing-access.md"
WRITTEN = PAGE.read_text().removeprefix(HEAD).splitlines()
LINES = list(lines())


def test_every_status_is_at_every_edge() -> None:
    assert set(STATUSES) == set(SubscriptionStatus.values)
    assert len(LINES) == (8 + 1) * 2 * 5 * 3
    assert PAGE.read_text().startswith(HEAD)


@pytest.mark.parametrize(("written", "line"), list(zip(WRITTEN, LINES, strict=True)), ids=str)
def test_a_line_is_what_the_code_decides(written: str, line: Line) -> None:
    assert written == str(line)


@pytest.mark.django_db
@pytest.mark.parametrize("status", STATUSES)
def test_the_lines_are_what_the_database_shows(status: str, alice: User, settings: Any) -> None:
    settings.BILLING_GRACE_DAYS = GRACE.days
    row = SubscriptionFactory(user=alice, plan=PlanFactory(), trial_start=TRIAL_START, status=status)
    of_status = [(text.split(" | "), line) for text, line in zip(WRITTEN, LINES, strict=True) if line.facts.status == status]
    wrong = [line for text, line in of_status if shown(row, line) != (text[5] == "open")]
    assert (len(of_status), wrong) == (60 if status == "past_due" else 30, [])


def shown(row: Subscription, line: Line) -> bool:
    """Whether a feature of the plan can be used at the line's instant, in Python and in SQL alike."""
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
def test_what_was_settled_closes_by_the_clock_alone(status: str, alice: User, settings: Any) -> None:
    settings.BILLING_GRACE_DAYS = GRACE.days
    row = SubscriptionFactory(user=alice, plan=PlanFactory(), trial_start=TRIAL_START, status=status)
    for line in (line for line in LINES if line.facts.status == status and line.access.is_open and not line.unpaid_since):
        Subscription.objects.filter(pk=row.pk).update(**vars(line.facts))
        services.sync_feature_access(user=alice, now=line.now)
        access = FeatureAccess.objects.for_user(alice).get(feature_name="reports")
        end = line.access.until
        assert end is not None
        assert (access.is_open_at(end - timedelta(seconds=1)), access.is_open_at(end)) == (True, False)


def test_the_command_writes_the_page(tmp_path: Path, settings: Any) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    call_command("plan_access_table")
    assert (tmp_path / "docs" / "billing-access.md").read_text() == table()
