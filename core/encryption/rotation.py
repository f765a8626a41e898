"""Key rotation, which re-encrypts stored values with the current keys (`manage.py rotate_field_keys`).

- The values show which of them are old, so that a run can be interrupted and started again at any time.
- Rows are locked in batches. A row that another transaction has locked is left for the next round.
- Data keys are created before rows are locked, and never waited for while rows are locked, because a writer locks the data
  key first.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.models import BinaryField, Count, F, Func, Q, QuerySet, Value
from django.db.models.lookups import Exact

from core.encryption import data_keys, key_ring
from core.encryption.blind_index import BlindIndexField, blind_indexes
from core.encryption.descriptor import Ciphertext, RowIdentity
from core.encryption.fields import OWNER, EncryptedField, encrypted_fields
from core.encryption.key_ring import EncryptionError
from core.models.base import BaseModel, DataKey, touch

BATCH = 1_000
MAX_ROUNDS = 20  # how often rows that other transactions have locked are tried again
ROUND_DELAY_SECONDS = 0.5

Blob = bytes | None
Row = tuple[RowIdentity, list[Blob]]


@dataclass(frozen=True)
class RotationColumn:
    """An encrypted column, with the conditions for old values (`old` in SQL, `is_old` for one value)."""

    source: models.Field[Any, Any]
    old: Q
    is_old: Callable[[RowIdentity, bytes], bool]
    decrypt: Callable[[RowIdentity, bytes], bytes]  # raises EncryptionError
    encrypt: Callable[[RowIdentity, bytes], bytes]  # raises EncryptionError

    @property
    def name(self) -> str:
        return f"{self.source.model._meta.label}.{self.source.name}"

    def count_by_key(self) -> dict[str, int]:
        """Return the number of old values by the key's id in hexadecimal."""
        rows = self.source.model._base_manager.filter(self.old).values(head=prefix(self.source, key_ring.HEADER_BYTES))
        counts = rows.annotate(values=Count("pk")).values_list("head", "values").order_by("head")
        return {key_ring.key_id_of(bytes(head)).hex(): count for head, count in counts}


@dataclass
class RotationResult:
    """The result for one table. `busy` is the number of rows that stayed locked by other transactions."""

    reencrypted: int = 0
    busy: int = 0
    failed: dict[Any, list[str]] = field(default_factory=dict)  # messages with row and column, by the row's key


class TableRotation:
    def __init__(self, model: type[models.Model], columns: Sequence[RotationColumn]) -> None:
        self.model, self.columns = model, list(columns)
        sources = [column.source for column in columns]
        self.indexes = [index for index in blind_indexes(model) if index.source in sources]
        self.is_owned = any(item.attname == OWNER for item in model._meta.concrete_fields)
        self.has_data_keys = any(isinstance(source, EncryptedField) and source.has_data_keys for source in sources)

    def old(self) -> QuerySet[Any]:
        wanted = Q()
        for column in self.columns:
            wanted |= column.old
        for index in self.indexes:  # either the value or its index is missing
            wanted |= Q(**{f"{index.of}__isnull": False, f"{index.name}__isnull": True})
            wanted |= Q(**{f"{index.of}__isnull": True, f"{index.name}__isnull": False})
        return self.model._base_manager.filter(wanted).order_by("pk")

    def run(self, progress: Callable[[int], object]) -> RotationResult:
        """Re-encrypt old values, in up to MAX_ROUNDS rounds, until only values are left that can't be decrypted."""
        outcome = RotationResult()
        for number in range(MAX_ROUNDS):
            if number:
                time.sleep(ROUND_DELAY_SECONDS)  # for other transactions to release their locks
            self._run_round(outcome, progress)
            outcome.busy = self.old().exclude(pk__in=list(outcome.failed)).count()
            if not outcome.busy:
                break
        return outcome

    def _run_round(self, outcome: RotationResult, progress: Callable[[int], object]) -> None:
        rows = self.old().exclude(pk__in=list(outcome.failed)).values_list("pk", OWNER if self.is_owned else "pk")
        batch = list(rows[:BATCH])
        while batch:
            if self.has_data_keys:
                data_keys.create_missing(owner for _, owner in batch if owner)  # and commit, before a row is locked
            progress(self._reencrypt_batch([key for key, _ in batch], outcome))
            batch = list(rows.filter(pk__gt=batch[-1][0])[:BATCH])

    def _reencrypt_batch(self, keys: list[Any], outcome: RotationResult) -> int:
        """Re-encrypt one batch in one transaction, and return the number of changed rows."""
        with data_keys.cached_in_transaction():
            rows = self._with_keys(self._locked(keys), outcome)
            new = [(identity[0], self._reencrypt_row(identity, values, outcome)) for identity, values in rows]
            changed = [(key, after) for (key, after), (_, before) in zip(new, rows, strict=True) if after != before]
            self._write(changed)
        outcome.reencrypted += len(changed)
        return len(changed)

    def _with_keys(self, rows: list[Row], outcome: RotationResult) -> list[Row]:
        """Return the rows whose owner's data key could be locked, and record those whose key can't be unwrapped as failed."""
        if not self.has_data_keys:
            return rows
        free, broken = data_keys.lock_available({identity[1] for identity, _ in rows if identity[1]})
        for identity, _ in rows:
            if identity[1] in broken:
                outcome.failed[identity[0]] = [f"{self.model._meta.label} {identity[0]}: {broken[identity[1]]}"]
        return [(identity, values) for identity, values in rows if identity[1] is None or identity[1] in free]

    def _locked(self, keys: list[Any]) -> list[Row]:
        """Lock the rows that are still old and not locked, and return them with the bytes of columns and indexes."""
        identity = ["pk", OWNER] if self.is_owned else ["pk"]
        rows = self.old().filter(pk__in=keys).select_for_update(skip_locked=True, no_key=True, of=("self",))
        found = rows.values_list(*identity, *(item.attname for item in self._fields()))
        return [(row[: len(identity)], [_bytes(value) for value in row[len(identity) :]]) for row in found]

    def _fields(self) -> list[models.Field[Any, Any]]:
        return [column.source for column in self.columns] + list(self.indexes)

    def _reencrypt_row(self, identity: RowIdentity, before: list[Blob], outcome: RotationResult) -> list[Blob]:
        """Return the new bytes of one row's columns and indexes; after an error they are unchanged."""
        after, plaintexts = list(before), dict[str, bytes]()
        sources = [column.source for column in self.columns]
        for number, item in enumerate(self._fields()):
            try:
                if number < len(self.columns):
                    after[number] = self._value(self.columns[number], identity, before[number], plaintexts)
                else:
                    index = self.indexes[number - len(self.columns)]
                    blob = after[sources.index(index.source)]
                    after[number] = self._digest(index, identity, blob, before[number], plaintexts)
            except EncryptionError as error:
                problem = f"{self.model._meta.label} {identity[0]}, {item.name}: {error}"
                outcome.failed.setdefault(identity[0], []).append(problem)
        return after

    def _value(self, column: RotationColumn, identity: RowIdentity, blob: Blob, plaintexts: dict[str, bytes]) -> Blob:
        if blob is None or not column.is_old(identity, blob):
            return blob
        plaintexts[column.source.name] = column.decrypt(identity, blob)
        return column.encrypt(identity, plaintexts[column.source.name])

    def _digest(
        self, index: BlindIndexField, identity: RowIdentity, blob: Blob, digest: Blob, plaintexts: dict[str, bytes]
    ) -> Blob:
        if blob is None:
            return None
        if digest is not None and index.of not in plaintexts:
            return digest
        plaintext = plaintexts[index.of] if index.of in plaintexts else index.source.decrypt(identity, blob)
        return index.digest_for_row(identity, index.source.decode(plaintext))

    def _write(self, rows: list[tuple[Any, list[Blob]]]) -> None:
        quote, meta = connection.ops.quote_name, self.model._meta
        names = [quote(str(item.column)) for item in self._fields()]
        pairs = ", ".join(f"{name} = new.{name}" for name in names)
        kinds = ", ".join(["%s::" + str(meta.pk.rel_db_type(connection)) + "[]"] + ["%s::bytea[]"] * len(names))
        sql = (
            f"UPDATE {quote(meta.db_table)} AS old SET {pairs} FROM unnest({kinds}) AS new (row_key, {', '.join(names)}) "  # noqa: S608
            f"WHERE old.{quote(str(meta.pk.column))} = new.row_key"
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [_touch_trigger_ids(self.model)])
            cursor.execute(sql, [[key for key, _ in rows], *([values[n] for _, values in rows] for n in range(len(names)))])
            cursor.execute("SELECT set_config('pgtrigger.ignore', NULL, true)")


def tables_to_rotate() -> list[TableRotation]:
    """Return the tables with encrypted columns: the data keys first, then every model of all apps."""
    keys = RotationColumn(
        DataKey._meta.get_field("wrapped"),
        ~_starts_with(DataKey._meta.get_field("wrapped"), key_ring.primary_key().header),
        lambda identity, blob: not key_ring.primary_key().is_key_of(blob),
        lambda identity, blob: data_keys.unwrap(identity[1], blob),
        lambda identity, raw: data_keys.wrap(identity[1], raw),
    )
    columns = [(model, [item for item in encrypted_fields(model) if item.model is model]) for model in apps.get_models()]
    return [TableRotation(DataKey, [keys])] + [
        TableRotation(model, [column_under_former_keys(item) for item in found])
        for model, found in columns
        if found and not model._meta.proxy and model._meta.managed
    ]


def column_under_former_keys(source: EncryptedField) -> RotationColumn:
    """Return the column of an encrypted field, whose old values are those that are not encrypted with the current key."""
    has_value = Q(**{f"{source.name}__isnull": False})
    old = ~_starts_with(source, key_ring.primary_key().header)
    if source.has_data_keys:
        has_no_owner = Q(**{f"{OWNER}__isnull": True})
        old = (has_no_owner & old) | (~has_no_owner & ~_starts_with(source, key_ring.DATA_KEY_VERSION))
    return RotationColumn(
        source,
        has_value & old,
        lambda identity, blob: not source.key_for(identity).is_key_of(blob),
        source.decrypt,
        source.encrypt,
    )


def prefix(source: models.Field[Any, Any], length: int) -> Func:
    return Func(F(source.attname), Value(1), Value(length), function="substring", output_field=BinaryField())


def _starts_with(source: models.Field[Any, Any], head: bytes) -> Q:
    return Q(Exact(prefix(source, len(head)), Value(head, BinaryField())))


def _bytes(value: Ciphertext | bytes | memoryview | None) -> Blob:
    if value is None:
        return None
    return value.blob if isinstance(value, Ciphertext) else bytes(value)


def _touch_trigger_ids(model: type[models.Model]) -> str:
    """Return the triggers to disable so that `updated_at` stays, because for the owner the row has not changed."""
    if not issubclass(model, BaseModel):
        return "{}"
    name = touch.get_pgid(model)  # type: ignore[arg-type]  # it takes a class
    return f"{{{model._meta.db_table}:{name},{name}}}"
