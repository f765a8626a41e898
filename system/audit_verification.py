"""Verification of the audit log: the digests of each event, and the chain of blocks that lists all events.

The digests are recomputed in Python, because an attacker who can alter the log could also alter database functions. Events
are read in batches, so that memory stays small.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection

from core import clock
from core.postgres.partitions import min_uuid7_at
from system.models import Action, AuditBlock, AuditEvent

BATCH = 2_000
DIGEST_BYTES = 32
LOWEST = UUID(int=0)

# The columns to compare, and the text that `system_write_event` (audit_events.sql) hashes.
EVENT = """
SELECT id, at, user_id, table_name, row_key, action, changes::text, changes_digest, digest,
       jsonb_build_array(id, extract(epoch FROM at), user_id, actor_id, impersonator_id, source, reason, request_id,
                         database_user, role, transaction_id, table_name, row_key, action)::text
  FROM system_auditevent AS event
"""
OF_BLOCK = f"{EVENT} WHERE id = ANY(%s)"
IN_NO_BLOCK = f"""
WITH sealed AS (SELECT unnest(event_ids) AS sealed_id FROM system_auditblock)
{EVENT} WHERE id > %s AND NOT EXISTS (SELECT FROM sealed WHERE sealed_id = event.id) ORDER BY id LIMIT {BATCH}
"""  # noqa: S608 - made of constants
SEALED_UNTIL = "SELECT system_sealed_until(pg_snapshot_xmin(pg_current_snapshot())::text::bigint)::text"
PARTITION = "SELECT to_regclass(%s) IS NOT NULL"


@dataclass
class AuditVerificationError(Exception):
    """The first inconsistency in the log. `where` names the event or block."""

    problem: str
    where: str

    def __str__(self) -> str:
        return f"{self.where} {self.problem}."


class StoredEvent(NamedTuple):
    id: UUID
    at: datetime
    user_id: UUID | None
    table_name: str
    row_key: str
    action: str
    changes: str | None
    changes_digest: bytes
    digest: bytes
    metadata: str

    def __str__(self) -> str:
        return f"Event {self.id} ({self.action} of {self.table_name} {self.row_key} at {self.at.isoformat()})"


def verify(*, since: datetime | None = None) -> Iterator[int]:
    """Check the log, or only what was added to the chain since `since`. Yield the number of events checked per batch.

    Raise AuditVerificationError at the first inconsistency.
    """
    _was_forgotten.cache_clear()
    yield from _blocks(since)
    yield from _in_no_block(min_uuid7_at(since) if since else LOWEST)


def _blocks(since: datetime | None) -> Iterator[int]:
    blocks = AuditBlock.objects.order_by("number")
    if since:
        blocks = blocks.filter(sealed_at__gte=since)
    block = blocks.first()
    before = AuditBlock.objects.filter(number=block.number - 1).first() if block and since else None
    while block is not None:
        _check_block(block, before)
        yield from _events_of(block)
        before, block = block, AuditBlock.objects.filter(number__gt=block.number).order_by("number").first()


def _check_block(block: AuditBlock, before: AuditBlock | None) -> None:
    """Raise AuditVerificationError unless the block follows `before` and its hash matches its content."""
    number, previous = (before.number, bytes(before.hash)) if before else (0, b"")
    if block.number != number + 1:
        raise AuditVerificationError("is missing: its events were removed from the log", f"Block {number + 1}")
    if bytes(block.previous_hash) != previous or bytes(block.hash) != _hash_of(block):
        raise AuditVerificationError("was altered", f"Block {block.number}, created at {block.sealed_at.isoformat()},")


def _hash_of(block: AuditBlock) -> bytes:
    microseconds = int(block.sealed_at.timestamp()) * 1_000_000 + block.sealed_at.microsecond
    numbers = (block.number, microseconds, block.oldest_running, block.next_transaction)
    head = bytes(block.previous_hash) + b"".join(number.to_bytes(8, signed=True) for number in numbers)
    keys = b"".join(key.bytes for key in block.event_ids)
    return sha256(head + keys + bytes(block.digests)).digest()


def _events_of(block: AuditBlock) -> Iterator[int]:
    sealed = bytes(block.digests)
    for start in range(0, len(block.event_ids), BATCH):
        keys = block.event_ids[start : start + BATCH]
        found = {event.id: event for event in _fetch(OF_BLOCK, [list(keys)])}
        for place, key in enumerate(keys, start):
            event, made_at = found.get(key), _made_at(key)
            if event is not None:
                _check(event)
                if event.digest != sealed[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]:
                    raise AuditVerificationError(f"was replaced: block {block.number} has another digest", str(event))
            elif not _is_dropped(made_at):
                where = f"Event {key} of {made_at.isoformat()}"
                raise AuditVerificationError(f"is missing, although block {block.number} lists it", where)
        yield len(keys)


def _in_no_block(after: UUID) -> Iterator[int]:
    """Check the events that are in no block. One from before the last complete block was inserted later."""
    oldest = _sealed_until()
    events = _fetch(IN_NO_BLOCK, [after])
    while events:
        for event in events:
            _check(event)
            if oldest and min(event.at, _made_at(event.id)) < oldest:
                raise AuditVerificationError("was inserted after the block of its time was created", str(event))
        yield len(events)
        events = _fetch(IN_NO_BLOCK, [events[-1].id])


def _check(event: StoredEvent) -> None:
    """Raise AuditVerificationError unless both digests of the event match its columns."""
    if event.changes is None:
        if not _was_forgotten(event.user_id):
            raise AuditVerificationError("has lost its changes, although its user was not erased", str(event))
    elif sha256(event.changes.encode()).digest() != event.changes_digest:
        raise AuditVerificationError("was altered: its changes do not match their digest", str(event))
    if sha256(event.metadata.encode() + event.changes_digest).digest() != event.digest:
        raise AuditVerificationError("was altered", str(event))


@lru_cache(maxsize=1_000)
def _was_forgotten(user_id: UUID | None) -> bool:
    """Return True if the log records the erasure of this user's changes, and the user has no active account."""
    forgotten = AuditEvent.objects.filter(action=Action.FORGET, table_name="users_user", row_key=str(user_id))
    return forgotten.exists() and not get_user_model()._default_manager.filter(pk=user_id, is_active=True).exists()


def _is_dropped(at: datetime) -> bool:
    """Return True if the month of `at` is past the retention period and its partition was dropped."""
    retained_from = clock.now() - relativedelta(months=settings.AUDIT_RETENTION_MONTHS)
    if (at.year, at.month) >= (retained_from.year, retained_from.month):
        return False
    with connection.cursor() as cursor:
        cursor.execute(PARTITION, [f"system_auditevent_{at:%Y%m}"])
        return not cursor.fetchone()[0]


def _made_at(key: UUID) -> datetime:
    """Return the creation time of a UUIDv7, to the millisecond."""
    return datetime.fromtimestamp((key.int >> 80) / 1000, UTC)


def _sealed_until() -> datetime | None:
    """Return the instant before which every event is in a block, or None while there is no block."""
    with connection.cursor() as cursor:
        cursor.execute(SEALED_UNTIL)
        text: str = cursor.fetchone()[0]
    return None if text == "-infinity" else datetime.fromisoformat(text)


def _fetch(sql: str, values: Sequence[Any]) -> list[StoredEvent]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    return [StoredEvent._make(row) for row in rows]
