"""A data key for each user, wrapped by the key ring, that encrypts the values in the user's rows.

Destroying the key erases the values everywhere, also in old backups and in the audit log, from which no row can be deleted.

- Encryption reads the key from the database in the transaction that stores the value, and locks it FOR KEY SHARE. A cached key
  could have been rolled back or destroyed, and the value would be lost.
- Decryption may use a key that was cached for up to CACHE_SECONDS, because a wrong key causes only an error.
- A wrapped key that was just read is unwrapped once in this time, because a client usually sends several requests.

This module uses SQL, because it can't import `core.models.base`, which imports the encrypted fields.
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
CACHE_SIZE = 2_000  # two entries for each key
MAX_PREFETCHED = 256  # owners that one query may fetch ahead

SELECT = "SELECT user_id, wrapped FROM core_datakey WHERE user_id = ANY(%s) ORDER BY user_id"
LOCK = f"{SELECT} FOR KEY SHARE"  # blocks the erasure of the key, but not its rotation
LOCK_SKIP_LOCKED = f"{LOCK} SKIP LOCKED"
COUNT = "SELECT encode(substring(wrapped, 2, 4), 'hex') AS key_id, count(*) FROM core_datakey GROUP BY key_id"
INSERT = """
INSERT INTO core_datakey (id, user_id, wrapped)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[]) ON CONFLICT (user_id) DO NOTHING
"""


class _Cache:
    """Recently read keys by their owner and an identity: the header of what they encrypt, or the wrapped key."""

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[UUID, bytes], tuple[float, Key]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, user_id: UUID, identity: bytes, key: Key) -> None:
        with self._lock:
            self._entries[user_id, identity] = (time.monotonic() + CACHE_SECONDS, key)
            self._entries.move_to_end((user_id, identity))
            if len(self._entries) > CACHE_SIZE:
                self._entries.popitem(last=False)

    def get(self, user_id: UUID, identity: bytes) -> Key | None:
        entry = (user_id, identity)
        with self._lock:
            until, key = self._entries.get(entry, (0.0, None))
            if until < time.monotonic():
                self._entries.pop(entry, None)
                return None
            return key

    def forget(self, user_id: UUID) -> None:
        with self._lock:
            for entry in [entry for entry in self._entries if entry[0] == user_id]:
                del self._entries[entry]


class _PendingPrefetch(threading.local):
    """The owners of values that this thread has loaded but not decrypted; their keys are read together."""

    def __init__(self) -> None:
        self.owners: OrderedDict[UUID, None] = OrderedDict()


_cache = _Cache()
_pending_prefetch = _PendingPrefetch()
_transaction_keys: ContextVar[tuple[list[str], dict[UUID, Key]] | None] = ContextVar("mingus_data_keys", default=None)


def prefetch_later(user_id: object) -> None:
    """Remember that a value of the user was loaded, so that a list with many owners needs one query for their keys."""
    if isinstance(user_id, UUID):
        _pending_prefetch.owners[user_id] = None
        if len(_pending_prefetch.owners) > MAX_PREFETCHED:
            _pending_prefetch.owners.popitem(last=False)


@contextmanager
def cached_in_transaction(user_ids: Iterable[UUID] = ()) -> Iterator[None]:
    """Open a transaction that reads each owner's key once. The keys of `user_ids` are created if they are missing."""
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
    owners = sorted(set(user_ids))
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_id FROM core_datakey WHERE user_id = ANY(%s)", [owners])
        have = {user_id for (user_id,) in cursor.fetchall()}
        _insert([owner for owner in owners if owner not in have])


def key_for_encryption(user_id: UUID) -> Key:
    """Return the user's key, locked until the transaction ends, after creating it if it is missing.

    Raise EncryptionError outside of a transaction, and MissingDataKeyError if the account is being erased.
    """
    if not connection.in_atomic_block:
        raise EncryptionError("A value with an owner is encrypted inside a transaction. Use transaction.atomic().")
    _, cached = _transaction_keys.get() or ([], {})
    if user_id in cached:
        return cached[user_id]
    keys = _lock_or_create([user_id])
    _cache_in_transaction(keys)
    if user_id not in keys:
        raise _missing_key_error(user_id)
    return keys[user_id]


def key_for_decryption(user_id: UUID, ciphertext: bytes) -> Key:
    """Return the user's key, which is not that of `ciphertext` if the value was encrypted with another one.

    Raise MissingDataKeyError if the key was destroyed, and UnknownKeyError or TamperedError if it can't be unwrapped.
    """
    key = _cache.get(user_id, ciphertext[: key_ring.HEADER_BYTES])
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
    try:
        return key_for_decryption(user_id, b"")
    except MissingDataKeyError:
        return None


def lock_available(user_ids: Iterable[UUID]) -> tuple[dict[UUID, Key], dict[UUID, EncryptionError]]:
    """Lock the users' keys until the transaction ends, except for those that are being destroyed, without waiting.

    Return the keys, and the errors of keys that can't be unwrapped, both by user.
    """
    keys, broken = _unwrap_keys(_rows(LOCK_SKIP_LOCKED, sorted(set(user_ids))))
    _cache_in_transaction(keys)
    return keys, broken


def destroy(user: Model) -> bool:
    """Destroy a user's data key, and with it every encrypted value of the user in this database and in all copies of it.

    Return True if there was a key. Wait for transactions that encrypt with it.
    """
    # a DELETE does not see a key that a concurrent transaction is creating, but an INSERT waits for that transaction
    destroyed = not _insert([user.pk])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_datakey WHERE user_id = %s", [user.pk])
    _cache.forget(user.pk)
    # until the commit, a concurrent decryption may cache the key again
    transaction.on_commit(partial(_cache.forget, user.pk))
    return destroyed


def wrap(user_id: UUID, raw: bytes) -> bytes:
    """Encrypt a data key with the ring's primary key, bound to the user, as it is stored in the database."""
    return key_ring.encrypt(LABEL, key_ring.encode_associated_data(LABEL, str(user_id)), raw)


def unwrap(user_id: UUID, wrapped: bytes) -> bytes:
    """Return the data key in `wrapped`, or raise UnknownKeyError or TamperedError."""
    return key_ring.decrypt(LABEL, key_ring.encode_associated_data(LABEL, str(user_id)), wrapped)


def unknown_ring_keys() -> dict[str, int]:
    """Return the number of data keys that are wrapped by keys missing in the ring, by the key's id in hexadecimal."""
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
    return keys | _read(LOCK, missing)  # read again, because a concurrent transaction may have created some of them


def _insert(user_ids: list[UUID]) -> int:
    """Create the keys that do not exist, after waiting for concurrent transactions that create them; return how many."""
    new = [wrap(user_id, os.urandom(key_ring.KEY_BYTES)) for user_id in user_ids]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [[uuid7() for _ in user_ids], user_ids, new])
        return int(cursor.rowcount)


def _read(sql: str, user_ids: list[UUID]) -> dict[UUID, Key]:
    return {user_id: unwrap_key(user_id, wrapped) for user_id, wrapped in _rows(sql, user_ids).items()}


def _rows(sql: str, user_ids: list[UUID]) -> dict[UUID, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [user_ids])
        return {user_id: bytes(wrapped) for user_id, wrapped in cursor.fetchall()}


def _unwrap_keys(rows: dict[UUID, bytes]) -> tuple[dict[UUID, Key], dict[UUID, EncryptionError]]:
    """Return the unwrapped keys, and the errors of the others, so that a broken key affects only its owner."""
    keys, broken = dict[UUID, Key](), dict[UUID, EncryptionError]()
    for user_id, wrapped in rows.items():
        try:
            keys[user_id] = unwrap_key(user_id, wrapped)
        except EncryptionError as error:
            broken[user_id] = error
    return keys, broken


def unwrap_key(user_id: UUID, wrapped: bytes) -> Key:
    """Return the data key in `wrapped`, or raise UnknownKeyError or TamperedError.

    SECURITY: to encrypt with it, its row must be locked FOR KEY SHARE.
    """
    key = _cache.get(user_id, wrapped) or Key(key_ring.DATA_KEY_VERSION, unwrap(user_id, wrapped))
    for identity in (key.header, wrapped):
        _cache.put(user_id, identity, key)
    return key


def _cache_in_transaction(keys: dict[UUID, Key]) -> None:
    """Cache locked keys for the rest of `cached_in_transaction`, but not in a savepoint, which may be rolled back."""
    outer, cached = _transaction_keys.get() or ([], None)
    if cached is not None and outer == _savepoints():
        cached.update(keys)


def _savepoints() -> list[str]:
    return [name for name in connection.savepoint_ids if name]


def _missing_key_error(user_id: UUID) -> MissingDataKeyError:
    return MissingDataKeyError(
        f"The data key of user {user_id} does not exist, so the value is lost. The user was erased, or the row's owner was "
        "changed in the database. Set a new value."
    )
