"""One data key a user, wrapped by the ring, under which his rows' values are sealed: destroying it erases them everywhere.

Also in old backups and in the audit log, where nobody can delete a row. The rules that keep values from being lost:

- To encrypt, the key is read from the database in the transaction that stores the value, and locked FOR KEY SHARE. A key from
  a cache could have been rolled back with its savepoint, or destroyed, and would take the value with it.
- To open, a key may come from a small cache, for seconds: a wrong guess there is an error, not a loss.

The SQL is written here because `core.models.base`, where the table is declared, needs the fields, and the fields this.
"""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model
from uuid_utils.compat import uuid7

from core.encryption import key_ring
from core.encryption.key_ring import EncryptionError, Key, MissingDataKeyError

LABEL = "core.data_key"
CACHE_SECONDS = 10.0
CACHE_SIZE = 1_000
MAX_PREFETCHED = 256  # owners that one query may fetch ahead

SELECT = "SELECT user_id, wrapped FROM core_datakey WHERE user_id = ANY(%s) ORDER BY user_id"
LOCK = f"{SELECT} FOR KEY SHARE"  # an erasure waits for it, a new wrapping does not
LOCK_SKIP_LOCKED = f"{LOCK} SKIP LOCKED"
COUNT = "SELECT encode(substring(wrapped, 2, 4), 'hex') AS key_id, count(*) FROM core_datakey GROUP BY key_id"
INSERT = """
INSERT INTO core_datakey (id, user_id, wrapped)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[]) ON CONFLICT (user_id) DO NOTHING
"""


class _Cache:
    """Keys that were read a moment ago, for opening only; bounded in number and in time."""

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[UUID, bytes], tuple[float, Key]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, user_id: UUID, key: Key) -> None:
        with self._lock:
            self._entries[user_id, key.header] = (time.monotonic() + CACHE_SECONDS, key)
            self._entries.move_to_end((user_id, key.header))
            if len(self._entries) > CACHE_SIZE:
                self._entries.popitem(last=False)

    def get(self, user_id: UUID, sealed: bytes) -> Key | None:
        """The key of `user_id` that `sealed` names."""
        place = (user_id, sealed[: key_ring.HEADER_BYTES])
        with self._lock:
            until, key = self._entries.get(place, (0.0, None))
            if until < time.monotonic():
                self._entries.pop(place, None)
                return None
            return key

    def forget(self, user_id: UUID) -> None:
        with self._lock:
            for place in [place for place in self._entries if place[0] == user_id]:
                del self._entries[place]


class _PendingPrefetch(threading.local):
    """Owners whose sealed values this thread has loaded and not opened: who opens one will open the others of his list."""

    def __init__(self) -> None:
        self.owners: OrderedDict[UUID, None] = OrderedDict()


_cache = _Cache()
_pending_prefetch = _PendingPrefetch()
_transaction_keys: ContextVar[tuple[list[str], dict[UUID, Key]] | None] = ContextVar("mingus_data_keys", default=None)


def prefetch_later(user_id: object) -> None:
    """Remember that a value of `user_id` was loaded, so that a list of many owners' rows costs one query for their keys."""
    if isinstance(user_id, UUID):
        _pending_prefetch.owners[user_id] = None
        if len(_pending_prefetch.owners) > MAX_PREFETCHED:
            _pending_prefetch.owners.popitem(last=False)


@contextmanager
def cached_in_transaction(user_ids: Iterable[UUID] = ()) -> Iterator[None]:
    """A transaction that asks for each owner's key once, for instance to encrypt a thousand rows of one owner.

    The keys of `user_ids` are made where they are missing, all in three statements.
    """
    with transaction.atomic(savepoint=False):
        token = _transaction_keys.set((_savepoints(), {}))
        try:
            owners = sorted(set(user_ids))
            if owners:
                _cache_in_transaction(_lock_or_create(owners))
            yield
        finally:
            _transaction_keys.reset(token)


def create_missing(user_ids: Iterable[UUID]) -> None:
    """Make the keys of those `user_ids` who have none."""
    owners = sorted(set(user_ids))
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_id FROM core_datakey WHERE user_id = ANY(%s)", [owners])
        have = {user_id for (user_id,) in cursor.fetchall()}
        _insert([owner for owner in owners if owner not in have])


def key_for_encryption(user_id: UUID) -> Key:
    """The key of `user_id`, made if there is none, locked until the transaction ends.

    Raises EncryptionError outside of a transaction, MissingDataKeyError when his account is being erased.
    """
    if not connection.in_atomic_block:
        raise EncryptionError("A value with an owner is sealed inside a transaction: put transaction.atomic() around it.")
    _, kept = _transaction_keys.get() or ([], {})
    if user_id in kept:
        return kept[user_id]
    keys = _lock_or_create([user_id])
    _cache_in_transaction(keys)
    if user_id not in keys:
        raise _missing_key_error(user_id)
    return keys[user_id]


def key_for_decryption(user_id: UUID, sealed: bytes) -> Key:
    """The key of `user_id`, to open `sealed` with; its id may be another if the value was not sealed under it.

    Raises MissingDataKeyError when it was destroyed, UnknownKeyError or TamperedError when it can't be unwrapped.
    """
    key = _cache.get(user_id, sealed)
    if key is None:
        owners = [user_id, *_pending_prefetch.owners]
        _pending_prefetch.owners.clear()
        keys, broken = _unwrap_keys(_rows(SELECT, owners))
        if user_id in broken:
            raise broken[user_id]
        key = keys.get(user_id)
    if key is None:
        raise _missing_key_error(user_id)
    return key


def get_key(user_id: UUID) -> Key | None:
    """The key of `user_id` if there is one, for looking something up."""
    try:
        return key_for_decryption(user_id, b"")
    except MissingDataKeyError:
        return None


def lock_available(user_ids: Iterable[UUID]) -> tuple[dict[UUID, Key], dict[UUID, EncryptionError]]:
    """The keys of `user_ids` that nobody is destroying now, locked until the transaction ends, without waiting for anybody.

    Beside them, whose key can't be unwrapped, and why.
    """
    keys, broken = _unwrap_keys(_rows(LOCK_SKIP_LOCKED, sorted(set(user_ids))))
    _cache_in_transaction(keys)
    return keys, broken


def destroy(user: Model) -> bool:
    """Destroy a user's data key, and with it every value of his in this database and in all copies of it.

    Gives whether there was one. It waits for transactions that are sealing under it.
    """
    # a DELETE does not see a key that somebody is making at this moment; an INSERT waits for him
    destroyed = not _insert([user.pk])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_datakey WHERE user_id = %s", [user.pk])
    _cache.forget(user.pk)
    # until the commit, somebody who opens a value brings the key back
    transaction.on_commit(partial(_cache.forget, user.pk))
    return destroyed


def wrap(user_id: UUID, raw: bytes) -> bytes:
    """A data key as the database holds it: sealed under the ring's primary key, for this user only."""
    return key_ring.encrypt(LABEL, key_ring.encode_associated_data(LABEL, str(user_id)), raw)


def unwrap(user_id: UUID, wrapped: bytes) -> bytes:
    """The data key in `wrapped`. Raises UnknownKeyError, TamperedError."""
    return key_ring.decrypt(LABEL, key_ring.encode_associated_data(LABEL, str(user_id)), wrapped)


def unknown_ring_keys() -> dict[str, int]:
    """The keys that data keys are wrapped under and that the ring has not: id in hexadecimal -> how many data keys."""
    known = {key_ring.key_id_of(key.header).hex() for key in key_ring.ring_keys()}
    with connection.cursor() as cursor:
        cursor.execute(COUNT)
        return {key_id: count for key_id, count in cursor.fetchall() if key_id not in known}


def _lock_or_create(user_ids: list[UUID]) -> dict[UUID, Key]:
    keys = _read(LOCK, user_ids)
    missing = [user_id for user_id in user_ids if user_id not in keys]
    if not missing:
        return keys
    _insert(missing)
    # somebody else's may have been first, so what counts is what the database holds now
    return keys | _read(LOCK, missing)


def _insert(user_ids: list[UUID]) -> int:
    """Make a key for each, but for those who have one by now; gives how many were made. It waits for who is making one."""
    new = [wrap(user_id, os.urandom(key_ring.KEY_BYTES)) for user_id in user_ids]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [[uuid7() for _ in user_ids], user_ids, new])
        return int(cursor.rowcount)


def _read(sql: str, user_ids: list[UUID]) -> dict[UUID, Key]:
    return {user_id: _unwrap_key(user_id, wrapped) for user_id, wrapped in _rows(sql, user_ids).items()}


def _rows(sql: str, user_ids: list[UUID]) -> dict[UUID, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [user_ids])
        return {user_id: bytes(wrapped) for user_id, wrapped in cursor.fetchall()}


def _unwrap_keys(rows: dict[UUID, bytes]) -> tuple[dict[UUID, Key], dict[UUID, EncryptionError]]:
    """The keys in `rows`, and why the others can't be unwrapped: a broken key is its owner's trouble, nobody else's."""
    keys, broken = dict[UUID, Key](), dict[UUID, EncryptionError]()
    for user_id, wrapped in rows.items():
        try:
            keys[user_id] = _unwrap_key(user_id, wrapped)
        except EncryptionError as error:
            broken[user_id] = error
    return keys, broken


def _unwrap_key(user_id: UUID, wrapped: bytes) -> Key:
    key = Key(key_ring.DATA_KEY_VERSION, unwrap(user_id, wrapped))
    _cache.put(user_id, key)
    return key


def _cache_in_transaction(keys: dict[UUID, Key]) -> None:
    """Cache locked keys for the rest of `cached_in_transaction`; not in a savepoint, which may be rolled back."""
    outer, kept = _transaction_keys.get() or ([], None)
    if kept is not None and outer == _savepoints():
        kept.update(keys)


def _savepoints() -> list[str]:
    return [name for name in connection.savepoint_ids if name]


def _missing_key_error(user_id: UUID) -> MissingDataKeyError:
    return MissingDataKeyError(
        f"The data key of user {user_id} is gone, and with it the value: he was erased, or the row was given to him in the "
        "database. Set a new value."
    )
