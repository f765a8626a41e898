"""Signatures and anchors of the audit log, against a superuser who rewrites or cuts off the log."""

import json
import logging
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from core import rls
from core.errors import DomainError
from dev.factories import AlertFactory
from mingus.log_redaction import RedactingFormatter
from system import audit_signatures
from system.audit_verification import _hash_of
from system.models import AuditBlock, AuditEvent, AuditSignature
from tests.system.audit.conftest import Tamper
from tests.system.audit.digests import digest_sql
from tests.system.audit.test_verifying import add_to_chain, verification_error
from users.models import User

OTHER_KEY, THIRD_KEY = "7b" * 32, "7c" * 32


def sealed_alert() -> AuditEvent:
    """Create an alert and return its event, which is then in a block."""
    event = AuditEvent.objects.of_row("system_systemalert", AlertFactory().pk).get()
    add_to_chain(event)
    return event


def verified(*options: str) -> str:
    output = StringIO()
    call_command("verify_audit", *options, stdout=output)
    return output.getvalue()


@pytest.fixture
def anchors(tmp_path: Path, settings: Settings, db: None) -> Path:
    """Return a file with an anchor of the second of two blocks."""
    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "anchors.jsonl")
    sealed_alert()
    sealed_alert()
    audit_signatures.write_anchor()
    return tmp_path / "anchors.jsonl"


@pytest.fixture
def reseal(tamper: Tamper) -> None:
    """Alter the log as a superuser would, and create its blocks again without the signing key."""
    event = sealed_alert()
    tamper("UPDATE system_auditevent SET reason = 'another' WHERE id = %s", event.pk)
    tamper(f"UPDATE system_auditevent SET digest = {digest_sql()} WHERE id = %s", event.pk)  # noqa: S608 - names of columns, no input
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM system_auditsignature")
        cursor.execute("DELETE FROM system_auditblock")
    with rls.as_staff(), connection.cursor() as cursor:
        cursor.execute("SELECT system_seal_audit()")
    add_blocks(event)


def add_blocks(event: AuditEvent) -> None:
    """Let the database create blocks, without signatures, until the event is in one."""
    while not AuditBlock.objects.filter(event_ids__contains=[event.pk]).exists():
        with connection.cursor() as cursor:
            cursor.execute("SELECT system_seal_audit()")


@pytest.mark.django_db
class TestASignedChain:
    def test_every_block_is_signed_when_it_is_created(self) -> None:
        sealed_alert()
        sealed_alert()
        assert set(AuditSignature.objects.values_list("number")) == set(AuditBlock.objects.values_list("number"))

    def test_it_is_signed_once_a_wrong_clock_is_corrected(self, caplog: pytest.LogCaptureFixture) -> None:
        with time_machine.travel(datetime.now(UTC) + timedelta(days=1)):
            sealed_alert()
            assert "are not signed, because this clock is" in caplog.text
            assert not AuditSignature.objects.exists()
        sealed_alert()
        assert "The audit log is sound" in verified()
        assert AuditSignature.objects.count() == AuditBlock.objects.count() == 2

    def test_blocks_without_signatures_are_reported(self, reseal: None) -> None:
        assert "has no signature" in verification_error()

    def test_a_block_is_not_signed_on_top_of_one_without_a_signature(self, tamper: Tamper) -> None:
        sealed_alert()
        tamper("DELETE FROM system_auditsignature WHERE number = %s", 1)
        tamper("INSERT INTO system_auditblock SELECT 2, sealed_at, 0, 0, '{}', '', hash, hash FROM system_auditblock")
        tamper("INSERT INTO system_auditsignature VALUES (1, now(), %s, '')", b"key")
        with pytest.raises(DomainError, match="Block 1"):
            audit_signatures.sign_new_blocks()

    def test_a_copied_signature_does_not_fit_another_block(self, tamper: Tamper) -> None:
        sealed_alert()
        sealed_alert()
        tamper(
            "UPDATE system_auditsignature SET signature = (SELECT signature FROM system_auditsignature WHERE number = 1) "
            "WHERE number = 2"
        )
        assert "Block 2" in verification_error()

    def test_an_altered_signature_stops_further_signing(self, tamper: Tamper) -> None:
        sealed_alert()
        tamper("UPDATE system_auditsignature SET signature = set_bit(signature, 3, 1 - get_bit(signature, 3))")
        AlertFactory()
        with pytest.raises(DomainError, match="verify_audit"):
            sealed_alert()

    def test_an_altered_time_of_signing_is_reported(self, tamper: Tamper) -> None:
        sealed_alert()
        tamper("UPDATE system_auditsignature SET signed_at = signed_at - interval '1 day' WHERE number = 1")
        assert "Block 1" in verification_error()

    def test_a_chain_that_was_signed_much_later_is_reported(self, tamper: Tamper) -> None:
        sealed_alert()
        first = AuditBlock.objects.get(number=1)
        tamper("DELETE FROM system_auditsignature WHERE number = %s", 1)
        tamper("UPDATE system_auditblock SET sealed_at = sealed_at - interval '2 days' WHERE number = %s", 1)
        first.refresh_from_db()
        tamper("UPDATE system_auditblock SET hash = %s WHERE number = 1", _hash_of(first))
        audit_signatures.sign_new_blocks()
        assert "was signed only at" in verification_error()

    def test_the_key_can_be_replaced(self, settings: Settings) -> None:
        sealed_alert()
        settings.FIELD_ENCRYPTION_KEYS = [OTHER_KEY, *settings.FIELD_ENCRYPTION_KEYS]
        sealed_alert()
        settings.FIELD_ENCRYPTION_KEYS = [OTHER_KEY]
        assert "is sound" in verified()

    def test_a_key_that_left_too_early_is_named(self, settings: Settings) -> None:
        sealed_alert()
        settings.FIELD_ENCRYPTION_KEYS = [THIRD_KEY]
        assert "not in FIELD_ENCRYPTION_KEYS" in verification_error()


class TestAnAnchor:
    def test_the_chain_that_contains_it_is_sound(self, anchors: Path) -> None:
        sealed_alert()
        assert "and 1 anchor checked" in verified(f"--anchor={anchors}")

    def test_a_cut_off_end_is_reported(self, anchors: Path, tamper: Tamper) -> None:
        last = AuditBlock.objects.latest("number")
        tamper("DELETE FROM system_auditsignature WHERE number = %s", last.number)
        tamper("DELETE FROM system_auditblock WHERE number = %s", last.number)
        assert "the end of the log was cut off" in verification_error(f"--anchor={anchors}")

    def test_a_rewritten_block_is_reported(self, anchors: Path, tamper: Tamper) -> None:
        last = AuditBlock.objects.latest("number")
        tamper("UPDATE system_auditblock SET hash = sha256(hash) WHERE number = %s", last.number)
        assert "the log was rewritten" in verification_error(f"--anchor={anchors}")

    def test_an_altered_anchor_is_reported(self, anchors: Path) -> None:
        anchors.write_text(json.dumps(json.loads(anchors.read_text()) | {"hash": "00" * 32}))
        assert "the anchor was altered" in verification_error(f"--anchor={anchors}")

    def test_it_is_logged_and_read_from_the_log(self, anchors: Path, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
        with caplog.at_level(logging.INFO, logger="system"):
            audit_signatures.write_anchor()
        log = tmp_path / "server.log"
        lines = [RedactingFormatter("%(asctime)s %(levelname)s %(message)s").format(record) for record in caplog.records]
        log.write_text("\n".join(["Started.", *lines, "Stopped.\n"]))
        assert "and 1 anchor checked" in verified(f"--anchor={log}")

    @pytest.mark.parametrize("text", ["", "Started.\n", '{"block": 1}\n', '{"block": 1, "hash": "zz"}\n'])
    def test_a_file_without_anchors_is_refused(self, text: str, tmp_path: Path, db: None) -> None:
        path = tmp_path / "anchors"
        path.write_text(text)
        with pytest.raises(CommandError, match="can't be read"):
            call_command("verify_audit", f"--anchor={path}")

    def test_a_missing_file_is_refused(self, tmp_path: Path, db: None) -> None:
        with pytest.raises(CommandError, match="can't be read"):
            call_command("verify_audit", f"--anchor={tmp_path / 'none'}")


@pytest.mark.django_db
class TestEventsOutsideOfBlocks:
    @pytest.fixture
    def committed(self, alice: User) -> AuditEvent:
        """Return an event whose position was raised as at a commit."""
        alert = AlertFactory(user=alice)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS raise_positions IMMEDIATE")
        return AuditEvent.objects.of_row("system_systemalert", alert.pk).get()

    def test_a_deleted_one_is_reported(self, committed: AuditEvent, tamper: Tamper) -> None:
        tamper("DELETE FROM system_auditevent WHERE id = %s", committed.pk)
        assert f"Event {committed.pk}" in verification_error()

    def test_one_that_is_deleted_from_the_change_log_too_is_reported(self, committed: AuditEvent, tamper: Tamper) -> None:
        with rls.as_login_role(), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE core_change NO FORCE ROW LEVEL SECURITY")
            cursor.execute("DELETE FROM core_change WHERE user_id = %s", [committed.user_id])
        tamper("DELETE FROM system_auditevent WHERE id = %s", committed.pk)
        assert re_position(committed) in verification_error()

    def test_a_removed_position_is_reported(self, committed: AuditEvent) -> None:
        with rls.as_login_role(), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE core_position NO FORCE ROW LEVEL SECURITY")
            cursor.execute("UPDATE core_position SET position = position + 1 WHERE user_id = %s", [committed.user_id])
        assert re_position(committed) in verification_error()


def re_position(event: AuditEvent) -> str:
    return f"of user {event.user_id} is missing in the change log"
