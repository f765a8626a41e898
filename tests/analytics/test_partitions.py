"""Monthly partitions of events and metrics: pruning by time, moving rows and dropping old months."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Q, QuerySet
from pytest_django import Settings
from uuid_utils.compat import uuid7

from analytics import services
from analytics.models import FeatureUsage, PerformanceMetric, UserAnalytics
from core import clock, rls
from core.postgres import partitions
from dev.factories.analytics import EventFactory, FeatureUsageFactory, MetricFactory
from system.models import AuditEvent
from users.models import User

pytestmark = pytest.mark.django_db

TABLE = "analytics_useranalytics"
DAY = timedelta(days=1)
PARTS = """
SELECT pg_get_partkeydef(%(table)s::regclass),
       (SELECT count(*) FROM pg_constraint WHERE conrelid = %(table)s::regclass AND conparentid = 0 AND contype <> 'n'),
       (SELECT count(*) FROM pg_policy WHERE polrelid = %(table)s::regclass),
       (SELECT count(*) FROM pg_trigger WHERE tgrelid = %(table)s::regclass AND NOT tgisinternal)
"""
PLACE = "SELECT tableoid::regclass::text FROM {table} WHERE id = %s"
MONTHS = "SELECT right(inhrelid::regclass::text, 6) FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1"


def as_owner(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run a statement as the tables' owner, as a migration does, and return its rows."""
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql, values or None)
        return cursor.fetchall() if cursor.description else []


def months(table: str = TABLE) -> list[str]:
    return [name for (name,) in as_owner(MONTHS, table) if name.isdigit()]


def place_of(row: UserAnalytics | PerformanceMetric) -> str:
    with connection.cursor() as cursor:
        cursor.execute(PLACE.format(table=row._meta.db_table), [row.pk])
        return str(cursor.fetchone()[0])


def at(moment: datetime) -> UUID:
    return uuid7(nanoseconds=int(moment.timestamp() * 1e9))


def event(user: User, moment: datetime) -> Any:
    """Return an event that was recorded at `moment`."""
    return recorded(EventFactory(user=user), moment)


def recorded(row: Any, moment: datetime) -> Any:
    """Change a row as if it had been recorded at `moment`."""
    key = at(moment)
    type(row)._base_manager.filter(pk=row.pk).update(id=key, created_at=moment)
    row.pk = key
    return row


@pytest.fixture
def now() -> datetime:
    return clock.now()


@pytest.fixture
def old_month(now: datetime) -> datetime:
    """Return an instant in a month without a partition, older than the shortest retention on every day of a month."""
    return (now.replace(day=15) - timedelta(days=93)).replace(day=15, tzinfo=UTC)


def test_the_migration_creates_a_complete_partitioned_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute(PARTS, {"table": TABLE})
        key, constraints, policies, triggers = cursor.fetchone()
    assert key == "RANGE (id)"
    assert (constraints, policies, triggers) == (11, 2, 5)


def test_rows_move_from_the_default_to_a_new_partition(alice: User, old_month: datetime, settings: Settings) -> None:
    settings.EVENT_RETENTION_DAYS = 0
    row, other = event(alice, old_month), event(alice, datetime(1999, 1, 1, tzinfo=UTC))
    assert {place_of(row), place_of(other)} == {f"{TABLE}_default"}
    known, before = AuditEvent.objects.count(), months()
    maintain_as_staff()
    assert (place_of(row), place_of(other)) == (f"{TABLE}_{old_month:%Y%m}", f"{TABLE}_default")
    assert months() == [f"{old_month:%Y%m}", *before]
    assert AuditEvent.objects.count() == known  # a move is no change of the row


def maintain_as_staff() -> int:
    as_owner("SELECT 1")  # checks the deferred constraints, whose pending events would block changes of the table
    with rls.as_staff():
        return services.maintain_partitions()


def test_a_new_partition_has_row_level_security(alice: User, old_month: datetime) -> None:
    event(alice, old_month)
    maintain_as_staff()
    flags = "SELECT bool_and(relrowsecurity AND relforcerowsecurity) FROM pg_class JOIN pg_inherits ON inhrelid = oid"
    assert as_owner(f"{flags} WHERE inhparent = %s::regclass", TABLE) == [(True,)]
    assert as_owner(f"TABLE {TABLE}_{old_month:%Y%m}") == []  # row-level security applies to the owner too


def test_a_row_is_accepted_without_a_partition_of_its_month(alice: User, as_alice: Any) -> None:
    for month in months():
        as_owner(f"DROP TABLE {TABLE}_{month}")
    response = as_alice.post("/api/v1/analytics/events/", {"event_date": "2026-03-01", "event_type": "visit"})
    assert response.status_code == 201
    assert place_of(UserAnalytics.objects.get(pk=response.json()["id"])) == f"{TABLE}_default"


def test_a_migration_creates_the_next_months(now: datetime) -> None:
    for month in months():
        as_owner(f"DROP TABLE {TABLE}_{month}")
    with rls.as_login_role():
        partitions.create_month_partitions(connection)
    assert months()[0] == f"{now:%Y%m}"
    assert len(months()) == partitions.MONTHS_AHEAD + 1


def test_only_months_older_than_the_retention_are_dropped(
    alice: User, old_month: datetime, now: datetime, settings: Settings
) -> None:
    gone, stray = event(alice, old_month), event(alice, old_month - 900 * DAY)
    recent, metric = event(alice, now), recorded(MetricFactory(), old_month)
    before = months()
    settings.EVENT_RETENTION_DAYS = 0
    assert maintain_as_staff() == 0
    settings.EVENT_RETENTION_DAYS = 31
    assert maintain_as_staff() == 1
    assert not UserAnalytics.objects.filter(pk__in=[gone.pk, stray.pk]).exists()
    assert UserAnalytics.objects.filter(pk=recent.pk).exists()
    assert PerformanceMetric.objects.filter(pk=metric.pk).exists()
    assert before == months()


def test_a_recent_month_is_never_dropped(alice: User, now: datetime) -> None:
    row = event(alice, now - 20 * DAY)
    as_owner("SELECT analytics_keep_months(3, 1, 1)")
    assert UserAnalytics.objects.filter(pk=row.pk).exists()


def test_old_feature_usage_is_deleted_row_by_row(alice: User, now: datetime, settings: Settings) -> None:
    settings.USAGE_RETENTION_DAYS = 40
    old, new = FeatureUsageFactory(user=alice, id=at(now - 41 * DAY)), FeatureUsageFactory(user=alice, id=at(now - 39 * DAY))
    assert services.delete_old_usage(now=now) == 1
    assert [row.pk for row in FeatureUsage.objects.filter(pk__in=[old.pk, new.pk])] == [new.pk]


def test_the_command_reports_the_dropped_months() -> None:
    output = StringIO()
    call_command("keep_months", stdout=output)
    assert "Dropped: 0 months, and 0 rows" in output.getvalue()


Since = Callable[[datetime], QuerySet[Any]]


@pytest.mark.parametrize(
    "rows",
    [
        lambda at: UserAnalytics.objects.filter(created_at__gte=at),
        lambda at: UserAnalytics.objects.filter(Q(created_at__gt=at) & Q(event_type="visit")),
        lambda at: UserAnalytics.objects.filter(created_at__range=(at, at + DAY)),
        lambda at: PerformanceMetric.objects.filter(created_at=at),
        lambda at: AuditEvent.objects.filter(at__gte=at),
        lambda at: AuditEvent.objects.since(at),
    ],
)
def test_a_time_condition_prunes_earlier_months(rows: Since, now: datetime) -> None:
    last = (now.replace(day=1) + timedelta(days=100)).replace(day=5)  # in one of the three months ahead
    plan = rows(last).explain()
    assert f"_{last:%Y%m}" in plan
    assert f"_{now:%Y%m}" not in plan


@pytest.mark.parametrize(
    "rows",
    [
        lambda at: UserAnalytics.objects.exclude(created_at__gte=at),
        lambda at: UserAnalytics.objects.filter(Q(created_at__gte=at) | Q(event_type="visit")),
        lambda at: UserAnalytics.objects.filter(~Q(created_at__gte=at)),
        lambda at: UserAnalytics.objects.filter(created_at__lte=at),
    ],
)
def test_other_conditions_prune_no_month(rows: Since, now: datetime) -> None:
    assert f"_{now:%Y%m}" in rows(now + 100 * DAY).explain()


def test_a_row_is_found_by_its_exact_creation_time(alice: User) -> None:
    row = EventFactory(user=alice)
    assert UserAnalytics.objects.filter(created_at__gte=row.created_at, created_at__lte=row.created_at).get() == row


def test_a_restored_row_is_found_by_its_old_time(alice: User) -> None:
    row = EventFactory(user=alice)
    then = datetime(2019, 5, 1, tzinfo=UTC)
    UserAnalytics.objects.filter(pk=row.pk).update(created_at=then)
    assert UserAnalytics.objects.filter(created_at__gte=then, created_at__lt=then + DAY).get() == row
