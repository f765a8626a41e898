"""Attempts of the serving roles to write, empty, bypass or forge the audit log."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction

from core import context, rls
from core.context import Role
from dev.factories import AlertFactory, BroadcastReceiptFactory
from system.models import AuditBlock, AuditEvent

pytestmark = pytest.mark.django_db

TAMPERINGS = {
    "insert": "INSERT INTO system_auditevent (id) VALUES (gen_random_uuid())",
    "update": "UPDATE system_auditevent SET reason = 'none'",
    "delete": "DELETE FROM system_auditevent",
    "truncate": "TRUNCATE system_auditevent",
    "alter": "ALTER TABLE system_auditevent DISABLE TRIGGER ALL",
    "drop": "DROP TABLE system_auditevent",
    "delete a month": "DELETE FROM system_auditevent_default",
    "update a block": "UPDATE system_auditblock SET number = 0",
    "delete a block": "DELETE FROM system_auditblock",
    "insert a block": "INSERT INTO system_auditblock (number) VALUES (0)",
    "switch a trigger off": "ALTER TABLE system_systemalert DISABLE TRIGGER ALL",
    "switch all triggers off": "SET session_replication_role = replica",
    "write an event": "SELECT system_complete_event(system_event_template('x', 'delete'), '', 0, '', 0, NULL, '', '{}')",
    "replace the function": "CREATE OR REPLACE FUNCTION system_record_changes() RETURNS trigger LANGUAGE sql AS 'SELECT'",
    "drop a policy": "DROP POLICY keeper ON system_auditevent",
    "drop months": "SELECT core_drop_months('system_auditevent', now())",
}
FORGED = """
CREATE TEMP TABLE users_user (id uuid);
CREATE TRIGGER forged AFTER INSERT ON users_user REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT
    EXECUTE FUNCTION public.system_record_changes('id', '{}', '{}');
INSERT INTO users_user VALUES (gen_random_uuid());
"""
ROLES = pytest.mark.parametrize("role", [Role.CUSTOMER, Role.STAFF, Role.ACCOUNTS])


@pytest.fixture
def log() -> Callable[[], list[tuple[object, ...]]]:
    """Create an event and return a function that reads it and the chain's hashes."""
    alert = AlertFactory()

    def rows() -> list[tuple[object, ...]]:
        return [
            *AuditEvent.objects.of_row("system_systemalert", alert.pk).values_list(),
            *AuditBlock.objects.values_list("hash"),
        ]

    return rows


def run(sql: str, reach: AbstractContextManager[None]) -> None:
    with reach, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@ROLES
@pytest.mark.parametrize("tampering", [*TAMPERINGS.values(), FORGED], ids=[*TAMPERINGS, "forge by a table of one's own"])
def test_a_serving_role_is_refused(tampering: str, role: Role, log: Callable[[], list[tuple[object, ...]]]) -> None:
    before = log()
    with pytest.raises(ProgrammingError) as refused:
        run(tampering, context.using_role(role))
    assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)
    assert log() == before


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.ACCOUNTS])
@pytest.mark.parametrize("table", ["system_auditevent", "system_auditblock", "system_auditevent_default"])
def test_customers_and_the_accounts_role_cannot_read_it(table: str, role: Role) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        run(f"TABLE {table}", context.using_role(role))


@pytest.mark.parametrize("function", ["system_seal_audit()", "system_forget_changes(NULL)", "system_keep_audit_months(1, 1)"])
@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.ACCOUNTS])
def test_customers_and_the_accounts_role_cannot_maintain_it(function: str, role: Role) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        run(f"SELECT {function}", context.using_role(role))


@pytest.mark.parametrize("tampering", ["insert", "truncate"])
def test_the_tables_owner_is_refused_too(tampering: str, log: Callable[[], list[tuple[object, ...]]]) -> None:
    before = log()
    with pytest.raises(ProgrammingError, match=r"row-level security|append-only"):
        run(TAMPERINGS[tampering], rls.as_login_role())
    assert log() == before


@pytest.mark.parametrize("tampering", ["update", "delete", "delete a month", "update a block", "delete a block"])
def test_the_tables_owner_changes_no_row(tampering: str, log: Callable[[], list[tuple[object, ...]]]) -> None:
    before = log()
    run(TAMPERINGS[tampering], rls.as_login_role())
    assert log() == before


@pytest.mark.parametrize("tampering", ["update", "delete"])
def test_an_owner_without_forced_policies_is_refused(tampering: str, log: Callable[[], list[tuple[object, ...]]]) -> None:
    before = log()
    run("ALTER TABLE system_auditevent NO FORCE ROW LEVEL SECURITY", rls.as_login_role())
    with pytest.raises(ProgrammingError, match="append-only"):
        run(TAMPERINGS[tampering], rls.as_login_role())
    assert log() == before


@ROLES
def test_the_setting_that_ignores_triggers_does_not_affect_it(role: Role) -> None:
    receipt = BroadcastReceiptFactory()
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(tgname) FROM pg_trigger WHERE tgrelid = 'system_alertreceipt'::regclass")
        cursor.execute(
            "SELECT set_config('pgtrigger.ignore', %s, true)", [str(cursor.fetchone()[0]).replace("'", "")[1:-1].join("{}")]
        )
    type(receipt).objects.filter(pk=receipt.pk).update(action_notes="Done.")
    assert AuditEvent.objects.of_row("system_alertreceipt", receipt.pk).filter(action="update").exists()


def test_staff_cannot_shorten_the_retention() -> None:
    months = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'system_auditevent'::regclass"
    with connection.cursor() as cursor:
        cursor.execute(months)
        before = cursor.fetchone()
        cursor.execute("SELECT system_keep_audit_months(0, 0)")
        cursor.execute(months)
        assert cursor.fetchone() == before
