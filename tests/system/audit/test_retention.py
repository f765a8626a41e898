"""Retention of the audit log, and removal of the changes of erased users without a break in the chain."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from core import context, rls
from core.context import Role
from dev.factories import AlertFactory, ProfileFactory
from system import services, tasks
from system.models import AuditEvent
from tests.system.audit.conftest import Tamper
from tests.system.audit.digests import digest_sql
from users.models import User

pytestmark = pytest.mark.django_db


def one(sql: str, *values: object) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        [value] = cursor.fetchone()
    return value


def months() -> list[str]:
    """Return the months of the partitions, oldest first."""
    return one(
        "SELECT array_agg(right(inhrelid::regclass::text, 6) ORDER BY inhrelid::regclass::text) FROM pg_inherits"
        " WHERE inhparent = 'system_auditevent'::regclass AND inhrelid::regclass::text ~ '\\d{6}$'"
    )


def as_owner(sql: str) -> None:
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_there_are_partitions_for_this_and_the_next_three_months(alice: User) -> None:
    event = AuditEvent.objects.for_user(alice).latest("id")
    assert one("SELECT tableoid::regclass::text FROM system_auditevent WHERE id = %s", event.pk).endswith(f"{event.at:_%Y%m}")
    assert months()[:4] == [
        one("SELECT to_char(date_trunc('month', now()) + make_interval(months => %s), 'YYYYMM')", number) for number in range(4)
    ]


def test_the_daily_job_creates_and_protects_a_missing_month() -> None:
    last = f"system_auditevent_{months()[-1]}"
    as_owner(f"DROP TABLE {last}")
    with context.using_role(Role.STAFF):
        tasks.maintain_audit_partitions(0)
    assert one("SELECT relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", last)
    assert one("SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname ~ '^guard'", last) == 2


@pytest.fixture
def old_months(settings: Settings) -> None:
    """Create the partitions of January 2019 and 2020, of which the retention has ended for the first only."""
    this_year = int(one("SELECT to_char(now(), 'YYYY')"))
    settings.AUDIT_RETENTION_MONTHS = (this_year - 2020) * 12 + 12
    as_owner(
        "CREATE TABLE system_auditevent_201901 PARTITION OF system_auditevent FOR VALUES"
        " FROM ('01680000-0000-0000-0000-000000000000') TO ('01690000-0000-0000-0000-000000000000');"
        "CREATE TABLE system_auditevent_202001 PARTITION OF system_auditevent FOR VALUES"
        " FROM ('016f0000-0000-0000-0000-000000000000') TO ('01700000-0000-0000-0000-000000000000')"
    )


def test_an_expired_month_is_dropped(old_months: None) -> None:
    assert services.maintain_audit_partitions() == 1
    assert months()[0] == "202001"


OLD_EVENT = f"""
INSERT INTO system_auditevent
SELECT event.*, {digest_sql()}
  FROM (SELECT core_first_key_at('2019-01-05') AS id, '2019-01-05'::timestamptz AS at, NULL::uuid AS user_id,
               NULL::uuid AS actor_id, NULL::uuid AS impersonator_id, '' AS source, '' AS reason, '' AS request_id,
               '' AS database_user, '' AS role, 1::bigint AS transaction_id, '' AS table_name, '' AS row_key,
               'insert' AS action, '{{}}'::json AS changes, sha256('{{}}') AS changes_digest) AS event
"""  # noqa: S608 - names of columns, no input


def test_the_chain_is_valid_after_old_events_are_dropped(tamper: Tamper, old_months: None) -> None:
    tamper(OLD_EVENT)
    as_owner("DELETE FROM system_auditblock")  # the chain begins with the old event
    services.seal_audit()
    call_command("verify_audit", stdout=StringIO())
    assert services.maintain_audit_partitions() == 1
    call_command("verify_audit", stdout=StringIO())
    assert months()[0] == "202001"


def forget(user: User) -> int:
    """Delete a user, and then the changes in the log, as an erasure does."""
    key = user.pk
    user.delete()
    return services.forget_changes_of(key)


def test_the_changes_of_an_erased_user_are_removed(alice: User) -> None:
    ProfileFactory(user=alice, first_name="Alicia")
    services.seal_audit()
    key = alice.pk
    assert forget(alice) >= 4
    events = AuditEvent.objects.filter(user_id=key)
    assert set(events.values_list("changes", flat=True)) == {None}
    assert "users_userprofile" in events.values_list("table_name", flat=True)
    call_command("verify_audit", stdout=StringIO())


def test_the_changes_of_other_users_stay(alice: User, bob: User) -> None:
    before = list(AuditEvent.objects.for_user(bob).values_list("changes", flat=True))
    forget(alice)
    assert list(AuditEvent.objects.for_user(bob).values_list("changes", flat=True)) == before != []


def test_the_removal_is_recorded(alice: User) -> None:
    key = alice.pk
    with context.action("request-1", actor_id=key, role=Role.STAFF):
        number = forget(alice)
    event = AuditEvent.objects.get(action="forget", row_key=str(key))
    assert (event.changes, event.request_id, event.actor_id) == ({"events": number}, "request-1", key)


def test_removing_the_changes_of_an_active_user_is_detected(alice: User) -> None:
    services.forget_changes_of(alice)
    with pytest.raises(CommandError, match="has lost its changes"):
        call_command("verify_audit")


def test_changes_removed_without_an_event_are_reported(tamper: Tamper) -> None:
    event = AuditEvent.objects.of_row("system_systemalert", AlertFactory().pk).get()
    tamper("UPDATE system_auditevent SET changes = NULL WHERE id = %s", event.pk)
    with pytest.raises(CommandError, match=f"{event.pk}.* has lost its changes"):
        call_command("verify_audit")
