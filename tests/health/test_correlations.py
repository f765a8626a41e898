"""Correlation analysis of a customer: its input, the stored rows and repeated runs."""

from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from core import clock, jobs
from dev.factories import CheckinFactory, CorrelationFactory, TransactionFactory
from health import services, tasks
from health.models import HealthSpendingCorrelation, UserHealthCheckin
from tests.conftest import ClientFor
from users.models import User

URL = "/api/v1/health/correlations/"
TODAY = date(2026, 6, 15)
D = Decimal


def spend(user: User, day: date, amount: str, **fields: Any) -> None:
    row = {"transaction_type": "expense", "status": "completed", "financial_profile": None, "transaction_date": day}
    TransactionFactory(user=user, amount=-D(amount), **row | fields)


def create_days(user: User, days: int, *, last: date = TODAY - timedelta(days=1)) -> None:
    """Create days up to `last` on which stress and spending rise together, with no other values."""
    for place in range(days):
        day, stress = last - timedelta(days=place), place * 7 % 10 + 1
        values = {"mood_score": None, "sleep_hours": None, "exercise_minutes": None, "stress_level": stress}
        CheckinFactory(user=user, checkin_date=day, **values)
        spend(user, day, str(10 * stress), category="dining")


def stored(user: User, **choice: Any) -> HealthSpendingCorrelation:
    wanted = {"health_metric": "stress", "spending_category": "", "method": "pearson", "lag_days": 0} | choice
    return HealthSpendingCorrelation.objects.for_user(user).get(**wanted)


def test_a_correlation_is_found_and_stored(alice: User) -> None:
    create_days(alice, 60)
    services.analyze_correlations(alice, today=TODAY)
    found = stored(alice)
    assert (found.correlation_strength, found.confidence_interval_lower, found.p_value) == (D(1), D(1), D(0))
    assert (found.health_score, found.spending_amount, found.data_points_count) == (D("5.50"), D("55.00"), 60)
    assert (found.correlation_interpretation, found.correlation_direction) == ("strong", "positive")
    assert (found.correlation_date, found.analysis_period, found.is_significant) == (TODAY, "daily", True)
    assert stored(alice, spending_category="dining", method="spearman").correlation_strength == D(1)


def test_every_metric_lag_category_and_method_is_stored(alice: User) -> None:
    create_days(alice, 60)
    services.analyze_correlations(alice, today=TODAY)
    rows = HealthSpendingCorrelation.objects.for_user(alice)
    assert rows.count() == 2 * 2 * 8 * 2  # stress and wellness, all and dining
    assert set(rows.values_list("lag_days", flat=True)) == set(range(8))


def test_too_few_days_store_a_row_without_a_strength(as_alice: APIClient, alice: User) -> None:
    create_days(alice, 12)
    services.analyze_correlations(alice, today=TODAY)
    rows = as_alice.get(URL).json()["results"]
    assert {(row["data_points_count"], row["lag_days"], row["spending_category"]) for row in rows} == {(12, 0, "")}
    assert {(row["correlation_strength"], row["correlation_interpretation"], row["is_significant"]) for row in rows} == {
        (None, None, False)
    }


def test_a_second_run_replaces_the_first(alice: User) -> None:
    create_days(alice, 30)
    services.analyze_correlations(alice, today=TODAY)
    before = HealthSpendingCorrelation.objects.count()
    services.analyze_correlations(alice, today=TODAY)
    assert HealthSpendingCorrelation.objects.count() == before


def test_one_analysis_a_month_is_stored(alice: User, bob: User) -> None:
    create_days(alice, 30)
    for day in ("2026-05-30", "2026-06-01", "2026-06-14"):
        CorrelationFactory(user=alice, correlation_date=day)
    CorrelationFactory(user=bob, correlation_date="2026-06-14")
    services.analyze_correlations(alice, today=TODAY)
    dates = set(HealthSpendingCorrelation.objects.for_user(alice).values_list("correlation_date", flat=True))
    assert dates == {date(2026, 5, 30), TODAY}
    assert HealthSpendingCorrelation.objects.for_user(bob).count() == 1


def test_it_takes_as_many_queries_for_a_hundred_days(alice: User, bob: User) -> None:
    create_days(alice, 10)
    create_days(bob, 100)
    with CaptureQueriesContext(connection) as few:
        services.analyze_correlations(alice, today=TODAY)
    with CaptureQueriesContext(connection) as many:
        services.analyze_correlations(bob, today=TODAY)
    assert len(many) == len(few) <= 7


FIRST, SECOND, THIRD = date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 3)


def spending(user: User) -> dict[str, dict[date, Decimal]]:
    return {name: dict(days) for name, days in services.daily_spending(user, date(2026, 1, 1), TODAY).items()}


def test_a_day_without_spending_between_two_counts_as_zero(alice: User) -> None:
    spend(alice, FIRST, "5.25")
    spend(alice, FIRST, "4.75", transaction_type="fee", status="pending")
    spend(alice, THIRD, "20")
    assert spending(alice) == {"": {FIRST: D(10), SECOND: D(0), THIRD: D(20)}}


def test_only_spending_counts(alice: User, bob: User) -> None:
    spend(alice, FIRST, "10")
    spend(alice, FIRST, "-99", transaction_type="income")
    spend(alice, FIRST, "-98", transaction_type="refund")
    spend(alice, FIRST, "97", transaction_type="transfer")
    spend(alice, FIRST, "96", status="failed")
    spend(alice, FIRST, "95", status="cancelled")
    spend(alice, FIRST, "94", status="disputed")
    spend(bob, FIRST, "93")
    assert spending(alice) == {"": {FIRST: D(10) + D(94) - D(98)}}  # a disputed payment counts, and a refund reduces


def test_two_currencies_are_never_added(alice: User) -> None:
    spend(alice, FIRST, "10", currency="EUR")
    spend(alice, SECOND, "11", currency="EUR", category="dining")
    spend(alice, FIRST, "9000", currency="JPY", category="travel")
    assert spending(alice) == {"": {FIRST: D(10), SECOND: D(11)}, "dining": {FIRST: D(0), SECOND: D(11)}}


def test_the_categories_with_most_days_are_analyzed(alice: User) -> None:
    for place, category in enumerate(["coffee"] * 3 + ["dining"] * 2 + ["books"] * 2 + ["rent"]):
        spend(alice, FIRST + timedelta(days=place), "900" if category == "rent" else "3", category=category)
    assert list(spending(alice)) == ["", "coffee", "books", "dining"]


def test_without_spending_there_are_no_categories(alice: User) -> None:
    CheckinFactory.create_batch(30, user=alice)
    assert spending(alice) == {"": {}}


def test_sums_out_of_range_do_not_stop_it(alice: User) -> None:
    create_days(alice, 30)
    UserHealthCheckin.objects.for_user(alice).update(exercise_minutes=1440)
    spend(alice, TODAY - timedelta(days=2), "9999999999.99")
    spend(alice, TODAY - timedelta(days=2), "9999999999.99")
    services.analyze_correlations(alice, today=TODAY)
    assert stored(alice, health_metric="exercise").health_score is None


def test_the_job_analyzes_recently_active_customers(alice: User, bob: User) -> None:
    now = clock.now()
    create_days(alice, 30, last=now.date() - timedelta(days=2))
    create_days(bob, 30, last=now.date() - timedelta(days=20))
    planned = list(services.customers_to_analyze(today=now.date(), batch=1))
    tasks.find_correlations(int(now.timestamp()))
    tasks.analyze_customers([str(alice.pk)])
    assert planned == [[alice.pk]]
    assert HealthSpendingCorrelation.objects.for_user(alice).exists()
    assert not HealthSpendingCorrelation.objects.for_user(bob).exists()


@pytest.mark.django_db(transaction=True)
def test_the_worker_runs_the_analysis(alice: User) -> None:
    now = clock.now()
    create_days(alice, 30, last=now.date() - timedelta(days=2))
    tasks.find_correlations(int(now.timestamp()))
    jobs.run_pending()
    assert HealthSpendingCorrelation.objects.for_user(alice).exists()


def test_customers_are_processed_in_batches(alice: User, bob: User, staff: User) -> None:
    for user in (alice, bob, staff):
        CheckinFactory(user=user, checkin_date=TODAY)
    batches = list(services.customers_to_analyze(today=TODAY, batch=2))
    assert [len(batch) for batch in batches] == [2, 1]
    assert {key for batch in batches for key in batch} == {alice.pk, bob.pk, staff.pk}


def test_the_command_prints_reliable_and_missing_findings(alice: User) -> None:
    out = StringIO()
    last = clock.now().date() - timedelta(days=2)
    create_days(alice, 60, last=last)
    CheckinFactory(user=alice, checkin_date=last - timedelta(days=90), stress_level=None, exercise_minutes=None)
    call_command("analyze_health", "ALICE@example.com", stdout=out)
    assert "stress and dining 0 days later, pearson: +1.000 (+1.000 to +1.000), q 0, 60 days, effective" in out.getvalue()
    assert (
        "mood and all spending 0 days later, pearson: insufficient. 21 days with both values are needed, but there are 0."
        in (out.getvalue())
    )


def test_the_command_refuses_an_unknown_email(db: None) -> None:
    with pytest.raises(CommandError, match="There is no user with the email address"):
        call_command("analyze_health", "unknown@example.com")


@pytest.mark.parametrize(
    ("strength", "interpretation", "direction"),
    [
        ("1.000", "strong", "positive"),
        ("-0.700", "strong", "negative"),
        ("0.699", "moderate", "positive"),
        ("-0.300", "moderate", "negative"),
        ("0.299", "weak", "positive"),
        ("0.000", "weak", "none"),
        ("-0.001", "weak", "negative"),
        (None, None, None),
    ],
)
def test_a_strength_has_an_interpretation_and_a_direction(
    strength: str | None, interpretation: str | None, direction: str | None, alice: User, api: ClientFor
) -> None:
    number = None if strength is None else D(strength)
    ends = {"confidence_interval_lower": number, "confidence_interval_upper": number}
    row = CorrelationFactory(user=alice, correlation_strength=number, **ends)
    client = api(alice)
    one, [listed] = client.get(f"{URL}{row.pk}/").json(), client.get(URL).json()["results"]
    assert (one["correlation_interpretation"], one["correlation_direction"]) == (interpretation, direction)
    assert one == listed


def test_lists_are_filtered_by_interpretation(as_alice: APIClient, alice: User) -> None:
    ends = {"confidence_interval_lower": None, "confidence_interval_upper": None}
    strong = CorrelationFactory(user=alice, correlation_strength=D("-0.8"), **ends)
    CorrelationFactory(user=alice, correlation_strength=D("0.1"), **ends)
    query = {"correlation_interpretation__in": "strong,moderate", "correlation_direction": "negative"}
    assert [row["id"] for row in as_alice.get(URL, query).json()["results"]] == [str(strong.pk)]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_api_does_not_modify_them(method: str, as_alice: APIClient, alice: User) -> None:
    row = CorrelationFactory(user=alice)
    assert getattr(as_alice, method)(f"{URL}{row.pk}/", {}).status_code == 405
    assert as_alice.post(URL, {}).status_code == 405
