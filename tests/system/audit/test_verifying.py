"""One byte of the log that is not as it was written, and `verify_audit` names the row."""

import re
import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from dev.factories import AlertFactory
from system import audit_verification, services
from system.models import AuditBlock, AuditEvent
from tests.system.audit.conftest import Tamper

FORGED = "01900000-0000-7000-8000-000000000001"
FLIPPED = {
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
    "changes": "jsonb_set(changes, '{title}', '\"Alert\"')",
    "changes_digest": "set_bit(changes_digest, 77, 1 - get_bit(changes_digest, 77))",
    "digest": "set_bit(digest, 200, 1 - get_bit(digest, 200))",
}
FLIPPED_OF_A_BLOCK = {
    "number": "number + 1",
    "sealed_at": "sealed_at + interval '1 microsecond'",
    "oldest_running": "oldest_running + 1",
    "next_transaction": "next_transaction + 1",
    "event_ids": "array_cat(event_ids[2:2], event_ids[1:1]) || event_ids[3:]",
    "digests": "set_bit(digests, 5, 1 - get_bit(digests, 5))",
    "previous_hash": "previous_hash || '\\x00'",
    "hash": "set_bit(hash, 9, 1 - get_bit(hash, 9))",
}


def until_sealed(event: AuditEvent) -> None:
    """Seal until the event is in the chain: a transaction of another test on this server keeps it out while it runs."""
    deadline = time.monotonic() + 30
    while not AuditBlock.objects.filter(event_ids__contains=[event.pk]).exists() and time.monotonic() < deadline:
        services.seal_audit()
        time.sleep(0.05)


def complaint(*options: str) -> str:
    with pytest.raises(CommandError) as refused:
        call_command("verify_audit", *options)
    return str(refused.value)


def test_a_log_as_it_was_written_is_sound(event: AuditEvent) -> None:
    said = StringIO()
    call_command("verify_audit", stdout=said)
    last = AuditBlock.objects.latest("number")
    assert event.pk in last.event_ids
    assert f"sound: {AuditEvent.objects.count():,} events" in said.getvalue()
    assert bytes(last.hash).hex() in said.getvalue()


@pytest.mark.parametrize("column", FLIPPED)
def test_a_flipped_byte_of_a_sealed_event_is_named(column: str, event: AuditEvent, tamper: Tamper) -> None:
    until_sealed(event)
    tamper(f"UPDATE system_auditevent SET {column} = {FLIPPED[column]} WHERE id = %s", event.pk)  # noqa: S608 - of this module's own
    assert str(event.pk) in complaint()


@pytest.mark.parametrize("column", FLIPPED)
def test_a_flipped_byte_of_an_event_that_is_in_no_block_is_named(column: str, event: AuditEvent, tamper: Tamper) -> None:
    tamper(f"UPDATE system_auditevent SET {column} = {FLIPPED[column]} WHERE id = %s", event.pk)  # noqa: S608 - of this module's own
    assert str(event.pk) in complaint()


def test_the_complaint_says_what_happened_to_which_row_and_when(event: AuditEvent, tamper: Tamper) -> None:
    tamper("UPDATE system_auditevent SET reason = 'none' WHERE id = %s", event.pk)
    assert f"insert of system_systemalert {event.row_key} at {event.at.isoformat()}" in complaint()


def test_an_event_with_another_key_is_missed(event: AuditEvent, tamper: Tamper) -> None:
    until_sealed(event)
    tamper("UPDATE system_auditevent SET id = core_uuid7(at) WHERE id = %s", event.pk)
    assert f"{event.pk}" in complaint()


def test_an_event_that_was_taken_out_is_missed(event: AuditEvent, tamper: Tamper) -> None:
    until_sealed(event)
    tamper("DELETE FROM system_auditevent WHERE id = %s", event.pk)
    assert re.search(f"Event {event.pk} .*is missing", complaint())


def test_an_event_that_was_written_again_with_sound_digests_is_not_the_one_that_was_sealed(
    event: AuditEvent, tamper: Tamper
) -> None:
    services.seal_audit()
    tamper(
        """
        UPDATE system_auditevent AS event SET reason = 'another', digest = sha256(convert_to(jsonb_build_array(id,
            extract(epoch FROM at), user_id, actor_id, impersonator_id, source, 'another', request_id, database_user, role,
            transaction_id, table_name, row_key, action)::text, 'UTF8') || changes_digest) WHERE id = %s
        """,
        event.pk,
    )
    assert re.search(f"Event {event.pk} .*was replaced", complaint())


@pytest.fixture
def nothing_older_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests have transactions open on this server, which may be older than the block; what they wrote is elsewhere."""
    monkeypatch.setattr(
        audit_verification, "SEALED_UNTIL", audit_verification.SEALED_UNTIL.replace("pg_snapshot_xmin", "pg_snapshot_xmax")
    )


@pytest.mark.usefixtures("nothing_older_runs")
def test_an_event_that_was_put_in_later_is_named(event: AuditEvent, tamper: Tamper) -> None:
    until_sealed(event)
    tamper(
        """
        INSERT INTO system_auditevent
        SELECT new.id, new.at, user_id, actor_id, impersonator_id, source, reason, request_id, database_user, role,
               transaction_id, table_name, row_key, action, changes, changes_digest,
               sha256(convert_to(jsonb_build_array(new.id, extract(epoch FROM new.at), user_id, actor_id, impersonator_id,
                   source, reason, request_id, database_user, role, transaction_id, table_name, row_key, action)::text, 'UTF8')
                   || changes_digest)
          FROM system_auditevent AS old, (SELECT %s::uuid AS id, '2024-06-09 09:00:00+00'::timestamptz AS at) AS new
         WHERE old.id = %s
        """,
        FORGED,
        event.pk,
    )
    assert re.search(f"Event {FORGED} .*was put in", complaint())


@pytest.mark.parametrize("column", FLIPPED_OF_A_BLOCK)
def test_an_altered_block_is_named(column: str, event: AuditEvent, tamper: Tamper) -> None:
    until_sealed(event)
    number = AuditBlock.objects.latest("number").number
    tamper(f"UPDATE system_auditblock SET {column} = {FLIPPED_OF_A_BLOCK[column]} WHERE number = %s", number)  # noqa: S608 - of this module's own
    assert f"Block {number}" in complaint()


def test_a_block_that_was_taken_out_is_missed(event: AuditEvent, tamper: Tamper) -> None:
    until_sealed(event)
    number = AuditBlock.objects.latest("number").number
    AlertFactory()
    services.seal_audit()
    tamper("DELETE FROM system_auditblock WHERE number = %s", number)
    assert f"Block {number}" in complaint()


def test_only_what_is_younger_is_verified_when_one_says_so(event: AuditEvent, tamper: Tamper) -> None:
    until_sealed(event)
    tamper("UPDATE system_auditevent SET reason = 'none' WHERE id = %s", event.pk)
    call_command("verify_audit", "--since=2040-01-01", stdout=StringIO())
    assert str(event.pk) in complaint(f"--since={event.at:%Y-%m-%d}")
