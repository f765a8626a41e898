"""Detection of altered, removed and inserted rows of the audit log by `verify_audit`."""

import re
import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from core import clock
from dev.factories import AlertFactory
from system import audit_verification, services
from system.models import AuditBlock, AuditEvent
from tests.system.audit.conftest import Tamper
from tests.system.audit.digests import digest_sql

FORGED = "01900000-0000-7000-8000-000000000001"
EVENT_CHANGES = {
    "at": "at + interval '1 microsecond'",
    "user_id": "gen_random_uuid()",
    "actor_id": "'00000000-0000-4000-8000-000000000001'",
    "impersonator_id": "'00000000-0000-4000-8000-000000000001'",
    "source": "source || ' '",
    "reason": "reason || '.'",
    "request_id": "request_id || '0'",
    "database_user": "upper(database_user)",
    "role": "'none'",
    "transaction_id": "transaction_id # 1",
    "table_name": "'system_systemalerts'",
    "row_key": "reverse(row_key)",
    "action": "'delete'",
    "changes": "jsonb_set(changes::jsonb, '{title}', '\"Alert\"')::json",
    "changes_digest": "set_bit(changes_digest, 77, 1 - get_bit(changes_digest, 77))",
    "digest": "set_bit(digest, 200, 1 - get_bit(digest, 200))",
}
BLOCK_CHANGES = {
    "number": "number + 1",
    "sealed_at": "sealed_at + interval '1 microsecond'",
    "oldest_running": "oldest_running + 1",
    "next_transaction": "next_transaction + 1",
    "event_ids": "array_cat(event_ids[2:2], event_ids[1:1]) || event_ids[3:]",
    "digests": "set_bit(digests, 5, 1 - get_bit(digests, 5))",
    "previous_hash": "previous_hash || '\\x00'",
    "hash": "set_bit(hash, 9, 1 - get_bit(hash, 9))",
}


def add_to_chain(event: AuditEvent) -> None:
    """Create blocks until the event is in one, as an open transaction of another test delays it."""
    deadline = time.monotonic() + 30
    while not AuditBlock.objects.filter(event_ids__contains=[event.pk]).exists() and time.monotonic() < deadline:
        services.seal_audit()
        time.sleep(0.05)


def verification_error(*options: str) -> str:
    with pytest.raises(CommandError) as refused:
        call_command("verify_audit", *options)
    return str(refused.value)


def test_an_unchanged_log_is_valid(event: AuditEvent) -> None:
    output = StringIO()
    call_command("verify_audit", stdout=output)
    last = AuditBlock.objects.latest("number")
    assert event.pk in last.event_ids
    assert f"sound: {AuditEvent.objects.count():,} events" in output.getvalue()
    assert bytes(last.hash).hex() in output.getvalue()


@pytest.mark.parametrize("column", EVENT_CHANGES)
def test_a_changed_event_in_a_block_is_named(column: str, event: AuditEvent, tamper: Tamper) -> None:
    add_to_chain(event)
    tamper(f"UPDATE system_auditevent SET {column} = {EVENT_CHANGES[column]} WHERE id = %s", event.pk)  # noqa: S608 - constants of this module
    assert str(event.pk) in verification_error()


@pytest.mark.parametrize("column", EVENT_CHANGES)
def test_a_changed_event_outside_of_blocks_is_named(column: str, event: AuditEvent, tamper: Tamper) -> None:
    tamper(f"UPDATE system_auditevent SET {column} = {EVENT_CHANGES[column]} WHERE id = %s", event.pk)  # noqa: S608 - constants of this module
    assert str(event.pk) in verification_error()


def test_the_error_names_the_action_the_row_and_the_time(event: AuditEvent, tamper: Tamper) -> None:
    tamper("UPDATE system_auditevent SET reason = 'none' WHERE id = %s", event.pk)
    assert f"insert of system_systemalert {event.row_key} at {event.at.isoformat()}" in verification_error()


def test_an_event_with_another_key_is_reported_as_missing(event: AuditEvent, tamper: Tamper) -> None:
    add_to_chain(event)
    tamper("UPDATE system_auditevent SET id = core_uuid7(at) WHERE id = %s", event.pk)
    assert f"{event.pk}" in verification_error()


def test_a_deleted_event_is_reported_as_missing(event: AuditEvent, tamper: Tamper) -> None:
    add_to_chain(event)
    tamper("DELETE FROM system_auditevent WHERE id = %s", event.pk)
    assert re.search(f"Event {event.pk} .*is missing", verification_error())


def test_a_replaced_event_with_valid_digests_is_named(event: AuditEvent, tamper: Tamper) -> None:
    services.seal_audit()
    digest = digest_sql(reason="'another'")
    tamper(f"UPDATE system_auditevent SET reason = 'another', digest = {digest} WHERE id = %s", event.pk)  # noqa: S608 - names of columns, no input
    assert re.search(f"Event {event.pk} .*was replaced", verification_error())


@pytest.fixture
def ignore_older_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore open transactions of other tests on this server, which write to other databases."""
    monkeypatch.setattr(
        audit_verification, "SEALED_UNTIL", audit_verification.SEALED_UNTIL.replace("pg_snapshot_xmin", "pg_snapshot_xmax")
    )


@pytest.mark.usefixtures("ignore_older_transactions")
def test_an_inserted_event_is_named(event: AuditEvent, tamper: Tamper) -> None:
    add_to_chain(event)
    tamper(
        f"""
        INSERT INTO system_auditevent
        SELECT new.id, new.at, user_id, actor_id, impersonator_id, source, reason, request_id, database_user, role,
               transaction_id, table_name, row_key, action, changes, changes_digest, {digest_sql(id="new.id", at="new.at")}
          FROM system_auditevent AS old, (SELECT %s::uuid AS id, '2024-06-09 09:00:00+00'::timestamptz AS at) AS new
         WHERE old.id = %s
        """,  # noqa: S608 - names of columns, no input
        FORGED,
        event.pk,
    )
    assert re.search(f"Event {FORGED} .*was inserted", verification_error())


@pytest.mark.usefixtures("ignore_older_transactions")
def test_events_after_the_clock_was_set_back_are_added(event: AuditEvent, tamper: Tamper) -> None:
    add_to_chain(event)
    number = AuditBlock.objects.latest("number").number
    tamper("UPDATE system_auditblock SET sealed_at = sealed_at + interval '1 day' WHERE number = %s", number)
    as_made = audit_verification._hash_of(AuditBlock.objects.get(number=number))
    tamper("UPDATE system_auditblock SET hash = %s WHERE number = %s", as_made, number)
    tamper("DELETE FROM system_auditsignature WHERE number = %s", number)
    later = AuditEvent.objects.of_row("system_systemalert", AlertFactory().pk).get()
    services.seal_audit()
    assert later.pk in AuditBlock.objects.get(number=number + 1).event_ids
    until = audit_verification._sealed_until()
    assert until is not None
    assert until < clock.now()
    call_command("verify_audit", stdout=StringIO())


@pytest.mark.parametrize("column", BLOCK_CHANGES)
def test_an_altered_block_is_named(column: str, event: AuditEvent, tamper: Tamper) -> None:
    add_to_chain(event)
    number = AuditBlock.objects.latest("number").number
    tamper(f"UPDATE system_auditblock SET {column} = {BLOCK_CHANGES[column]} WHERE number = %s", number)  # noqa: S608 - constants of this module
    assert f"Block {number}" in verification_error()


def test_a_deleted_block_is_reported(event: AuditEvent, tamper: Tamper) -> None:
    add_to_chain(event)
    number = AuditBlock.objects.latest("number").number
    AlertFactory()
    services.seal_audit()
    tamper("DELETE FROM system_auditblock WHERE number = %s", number)
    assert f"Block {number}" in verification_error()


def test_only_events_since_a_given_date_are_verified(event: AuditEvent, tamper: Tamper) -> None:
    add_to_chain(event)
    tamper("UPDATE system_auditevent SET reason = 'none' WHERE id = %s", event.pk)
    call_command("verify_audit", "--since=2040-01-01", stdout=StringIO())
    assert str(event.pk) in verification_error(f"--since={event.at:%Y-%m-%d}")
