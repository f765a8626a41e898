"""Verification of the audit log: the digests of each event, and the signed chain of blocks that lists all events.

The digests are recomputed in Python, because an attacker who can alter the log could also alter database functions. Events
are read in batches, so that memory stays small.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection

from core import clock
from core.changes import RETENTION_DAYS
from core.postgres.partitions import min_uuid7_at
from system.audit_signatures import SIGNING_DELAY, Anchor, UnknownSigningKeyError
from system.models import Action, AuditBlock, AuditEvent, AuditSignature

BATCH = 2_000
DIGEST_BYTES = 32
LOWEST = UUID(int=0)

# The columns to compare, and the text that `system_complete_event` (audit_events.sql) hashes.
EVENT = """
SELECT id, at, user_id, table_name, row_key, action, changes::text, changes_digest, digest,
       jsonb_build_array(id, extract(epoch FROM at), user_id, row_key, action)::text,
       sha256(convert_to(jsonb_build_array(actor_id, impersonator_id, source, reason, request_id, database_user, role,
                                           transaction_id, table_name)::text, 'UTF8'))
  FROM system_auditevent AS event
"""
OF_BLOCK = f"{EVENT} WHERE id = ANY(%s)"
IN_NO_BLOCK = f"""
WITH sealed AS (SELECT unnest(event_ids) AS sealed_id FROM system_auditblock)
{EVENT} WHERE id > %s AND NOT EXISTS (SELECT FROM sealed WHERE sealed_id = event.id) ORDER BY id LIMIT {BATCH}
"""  # noqa: S608 - made of constants
# The change log lists the events of users' rows a second time, so that it reveals the deletion of an event without a block.
# The related rows that it lists beside them have no event.
EVENT_MISSING = """
SELECT change.id, change.action, change.table_name, change.row_key FROM core_change AS change
 WHERE change.id >= %s AND change.action <> 'related'
   AND NOT EXISTS (SELECT FROM system_auditevent AS event WHERE event.id = change.id)
 ORDER BY change.id LIMIT 1
"""
POSITION_MISSING = """
SELECT user_id, position + 1 FROM (
    SELECT user_id, position, lead(position) OVER (PARTITION BY user_id ORDER BY position) AS next FROM core_changeset
    UNION ALL
    SELECT user_id, max(changeset.position), last.position + 1 FROM core_changeset AS changeset
      JOIN core_position AS last USING (user_id) GROUP BY user_id, last.position
) AS positions WHERE next <> position + 1 LIMIT 1
"""
CHANGES_MISSING = """
SELECT user_id, position FROM core_changeset AS changeset
 WHERE id >= %s AND NOT EXISTS (SELECT FROM core_change AS change
                                 WHERE (change.user_id, change.transaction_id) = (changeset.user_id, changeset.transaction_id))
 LIMIT 1
"""
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
    own_columns: str
    shared_digest: bytes

    def __str__(self) -> str:
        return f"Event {self.id} ({self.action} of {self.table_name} {self.row_key} at {self.at.isoformat()})"


def verify(*, since: datetime | None = None, anchors: Iterable[Anchor] = ()) -> Iterator[int]:
    """Check the log, or only what was added to the chain since `since`. Yield the number of events checked per batch.

    Raise AuditVerificationError at the first inconsistency.
    """
    _was_forgotten.cache_clear()
    for anchor in anchors:
        _check_anchor(anchor)
    yield from _blocks(since)
    yield from _in_no_block(min_uuid7_at(since) if since else LOWEST)
    _check_change_log()


def _check_anchor(anchor: Anchor) -> None:
    """Raise AuditVerificationError unless the chain contains the anchor's block."""
    where = f"Block {anchor.number}, which the anchor of {anchor.signed_at.isoformat()} names,"
    try:
        if not anchor.is_valid():
            raise AuditVerificationError("was not signed by this installation, or the anchor was altered", where)
    except UnknownSigningKeyError as error:
        raise AuditVerificationError(f"was signed with a key that is not in FIELD_ENCRYPTION_KEYS ({error})", where) from error
    block = AuditBlock.objects.filter(number=anchor.number).first()
    if block is None:
        raise AuditVerificationError("is missing: the end of the log was cut off", where)
    if bytes(block.hash) != anchor.hash:
        raise AuditVerificationError("has another hash: the log was rewritten", where)


def _check_change_log() -> None:
    """Compare the change log of the last months with the events, and the positions with each other."""
    retained_from = min_uuid7_at(clock.now() - timedelta(days=RETENTION_DAYS - 1))  # a month is dropped when all of it is older
    with connection.cursor() as cursor:
        cursor.execute(EVENT_MISSING, [retained_from])
        if row := cursor.fetchone():
            where = f"Event {row[0]} ({row[1]} of {row[2]} {row[3]})"
            raise AuditVerificationError("is missing, although the change log lists it", where)
        for sql, values in ((POSITION_MISSING, []), (CHANGES_MISSING, [retained_from])):
            cursor.execute(sql, values)
            if row := cursor.fetchone():
                raise AuditVerificationError("is missing in the change log", f"Position {row[1]} of user {row[0]}")


def _blocks(since: datetime | None) -> Iterator[int]:
    blocks = AuditBlock.objects.order_by("number")
    if since:
        blocks = blocks.filter(sealed_at__gte=since)
    block = blocks.first()
    before = AuditBlock.objects.filter(number=block.number - 1).first() if block and since else None
    while block is not None:
        _check_block(block, before)
        next_block = AuditBlock.objects.filter(number__gt=block.number).order_by("number").first()
        _check_signature(block, is_last=next_block is None)
        yield from _events_of(block)
        before, block = block, next_block


def _check_block(block: AuditBlock, before: AuditBlock | None) -> None:
    """Raise AuditVerificationError unless the block follows `before` and its hash matches its content."""
    number, previous = (before.number, bytes(before.hash)) if before else (0, b"")
    if block.number != number + 1:
        raise AuditVerificationError("is missing: its events were removed from the log", f"Block {number + 1}")
    if bytes(block.previous_hash) != previous or bytes(block.hash) != _hash_of(block):
        raise AuditVerificationError("was altered", f"Block {block.number}, created at {block.sealed_at.isoformat()},")


def _check_signature(block: AuditBlock, *, is_last: bool) -> None:
    """Raise AuditVerificationError unless the block was signed when it was created.

    A key that has left the ring is accepted before the last block, because a block is only signed after a valid signature.
    """
    where = f"Block {block.number}, created at {block.sealed_at.isoformat()},"
    signature = AuditSignature.objects.filter(number=block.number).first()
    if signature is None:
        raise AuditVerificationError("has no signature", where)
    try:
        is_valid = Anchor.of(block, signature).is_valid()
    except UnknownSigningKeyError as error:
        if is_last:
            raise AuditVerificationError(
                f"was signed with a key that is not in FIELD_ENCRYPTION_KEYS ({error})", where
            ) from error
        return
    if not is_valid:
        raise AuditVerificationError("was altered: its signature does not match", where)
    if signature.signed_at - block.sealed_at > SIGNING_DELAY:
        raise AuditVerificationError(
            f"was signed only at {signature.signed_at.isoformat()}, so it may have been rewritten", where
        )


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
    if sha256(event.own_columns.encode() + event.shared_digest + event.changes_digest).digest() != event.digest:
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
