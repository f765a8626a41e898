"""The file of an export: a ZIP with one file per model, one line per row, and a manifest.

It is streamed, BATCH rows at a time. The same rows produce the same bytes: names, order and dates inside the ZIP are fixed,
and it does not contain the time or the machine of its creation.
"""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from django.db.models import QuerySet

from core.privacy.declarations import Restore
from users.privacy.archived_files import write_files
from users.privacy.policies import AnyModel, exported, policy_of, rows_of
from users.privacy.row_references import RowNumbers, has_numbers, keys_of
from users.privacy.row_serialization import Row, RowSerializer, line

FORMAT, SCHEMA = "mingus-export", 1
MANIFEST, README, PADDING = "manifest.json", "README.txt", "padding.bin"
# An import refuses archives that unpack to more than MAX_RATIO times their size and to more than UNLIMITED_BYTES.
MAX_RATIO, UNLIMITED_BYTES = 100, 16 * 1024**2
PAD_BYTES = 64 * 1024
BATCH = 2_000
FOLDERS = {Restore.OWNER: "data", Restore.OPERATOR: "service", Restore.NEVER: "account"}
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date in a ZIP file
ABOUT = """This archive contains all data that MINGUS stores about you.

data/      the data that you entered and its results; can be imported into an empty account (POST /api/v1/users/me/import/)
files/     files that you attached to rows of data/; files/finance_attachment/7.pdf is that of the row with the "id" 7
service/   records of the service: events, charges and messages to you
account/   the account itself, its email addresses, sessions, tokens and second factors, without their secrets
manifest.json   each file with its number of rows and its SHA-256 hash
padding.bin     zeros, in the rare archive that would be 100 times smaller than its files; they make it large enough to import

Each file has one JSON object per line. Amounts are strings with their decimals, times are UTC, dates are in your time zone.
"id" numbers the rows of a file; "@finance_financialtransaction/7" means row 7 of that file, "@account" your account, and
"@@" a literal "@". Account numbers are not encrypted: store this file where no one else can read it.
"""

ProgressCallback = Callable[[int, int], None]


@dataclass
class ExportManifest:
    """The entries of an export's manifest, collected while it is written."""

    files: list[dict[str, Any]] = field(default_factory=list)
    unreadable: int = 0

    def manifest(self) -> bytes:
        """Return the manifest as JSON. `unreadable` counts encrypted values that could not be decrypted."""
        body = {"format": FORMAT, "schema": SCHEMA, "files": self.files, "unreadable": self.unreadable}
        return json.dumps(body, indent=1, sort_keys=True).encode() + b"\n"


def name_of(model: AnyModel) -> str:
    """Return the path of a model's file inside the archive."""
    return f"{FOLDERS[policy_of(model).restore]}/{model._meta.db_table}.jsonl"


def entry(name: str) -> zipfile.ZipInfo:
    """Return an entry of the ZIP whose metadata does not depend on the date and the machine."""
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o600 << 16, 3
    return info


def write(user: Any, sink: BinaryIO, *, on_progress: ProgressCallback = lambda done, total: None) -> ExportManifest:
    """Write all data of `user` to `sink`. `on_progress` is called with the number of rows written so far and the total.

    Reads with the database role of the caller and in their transaction, in which all statements must see the same state.
    """
    numbered = {model: keys_of(model, user, exported()) for model in exported() if has_numbers(model)}
    total, done, contents = sum(map(len, numbered.values())), 0, ExportManifest()
    with zipfile.ZipFile(sink, "w", allowZip64=True) as archive:
        archive.writestr(entry(README), ABOUT)
        for model in exported():
            unreadable = write_files(archive, model, user, numbered[model], entry) if policy_of(model).max_file_bytes else []
            contents.unreadable += len(unreadable)
            for rows in _file(archive, model, user, numbered, contents, unreadable):
                done += rows
                on_progress(min(done, total), total)
        archive.writestr(entry(MANIFEST), contents.manifest())
        _pad(archive)
    return contents


def _pad(archive: zipfile.ZipFile) -> None:
    """Add zeros to an archive that an import would take for a ZIP bomb, because equal texts compress so well."""
    unpacked = sum(info.file_size for info in archive.infolist())
    missing = unpacked // MAX_RATIO - sum(info.compress_size for info in archive.infolist())
    if unpacked <= UNLIMITED_BYTES or missing < 0:
        return
    info = entry(PADDING)
    info.compress_type = zipfile.ZIP_STORED
    with archive.open(info, "w", force_zip64=True) as file:
        for _ in range(missing // PAD_BYTES + 1):
            file.write(bytes(PAD_BYTES))


def _file(
    archive: zipfile.ZipFile,
    model: AnyModel,
    user: Any,
    numbered: dict[AnyModel, RowNumbers],
    contents: ExportManifest,
    left_out: list[Any],
) -> Iterator[int]:
    """Write one model's file, without the rows `left_out`. Yield the number of rows of each batch."""
    writer = RowSerializer(user, {other: keys for other, keys in numbered.items() if may_reference(model, other)})
    digest, rows, size = hashlib.sha256(), 0, 0
    with archive.open(entry(name_of(model)), "w", force_zip64=True) as file:
        for batch in _batches(rows_of(model, user).exclude(pk__in=left_out), writer, numbered.get(model)):
            text = b"".join(map(line, batch))
            file.write(text)
            digest.update(text)
            rows, size = rows + len(batch), size + len(text)
            yield len(batch)
    contents.unreadable += writer.unreadable
    contents.files.append({"name": name_of(model), "rows": rows, "bytes": size, "sha256": digest.hexdigest()})


def may_reference(model: AnyModel, other: AnyModel) -> bool:
    """Return True if rows of `model` may refer to rows of `other` by number: `other` must be restored wherever they are."""
    order = list(FOLDERS)
    return order.index(policy_of(other).restore) <= order.index(policy_of(model).restore)


def _batches(found: QuerySet[Any], writer: RowSerializer, keys: RowNumbers | None) -> Iterator[list[Row]]:
    rows, done = found.order_by("pk"), 0
    batch = list(rows[:BATCH])
    while batch:
        numbers = [keys.number_of(row.pk) for row in batch] if keys else range(done + 1, done + 1 + len(batch))
        yield [writer.row(row, number or 0) for row, number in zip(batch, numbers, strict=True)]
        done += len(batch)
        batch = list(rows.filter(pk__gt=batch[-1].pk)[:BATCH]) if len(batch) == BATCH else []
