"""The file that an export is: a zip with one file a model, a line a row, and a manifest that says what is in it.

It is written as a stream, a few thousand rows at a time, and the same rows give the same bytes: names, order and dates
inside the zip are fixed, and nothing in it says when or where it was made.
"""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from core.privacy.declarations import Restore
from users.privacy.policies import AnyModel, exported, rows_of, stated
from users.privacy.row_references import RowNumbers, has_numbers, keys_of
from users.privacy.row_serialization import Row, RowSerializer, line

FORMAT, SCHEMA = "mingus-export", 1
MANIFEST, README = "manifest.json", "README.txt"
BATCH = 2_000
FOLDERS = {Restore.OWNER: "data", Restore.OPERATOR: "service", Restore.NEVER: "account"}
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
ABOUT = """This is everything that MINGUS holds about you.

data/      what you told us and what follows from it; an empty account can take it in (POST /api/v1/users/me/import/)
service/   what the service recorded, charged and told you
account/   the account itself, its e-mail addresses, and the keys to it, without what would open it
manifest.json   each file with its number of rows and its SHA-256

Each file has one JSON object a line. Money is a text with its decimals, instants are UTC, days are days where you live.
"id" numbers the rows of a file; "@finance_financialtransaction/7" means row 7 of that file, "@account" your account, and
"@@" a plain "@". Account numbers are in clear: keep this file where nobody else reads it.
"""

ProgressCallback = Callable[[int, int], None]


@dataclass
class ExportManifest:
    """What is in an export so far: the entries of its manifest."""

    files: list[dict[str, Any]] = field(default_factory=list)
    unreadable: int = 0

    def manifest(self) -> bytes:
        """As the archive holds it. `unreadable` counts sealed values that could not be opened."""
        body = {"format": FORMAT, "schema": SCHEMA, "files": self.files, "unreadable": self.unreadable}
        return json.dumps(body, indent=1, sort_keys=True).encode() + b"\n"


def name_of(model: AnyModel) -> str:
    """The name of a model's file inside the archive."""
    return f"{FOLDERS[stated(model).restore]}/{model._meta.db_table}.jsonl"


def entry(name: str) -> zipfile.ZipInfo:
    """A file inside the zip that says nothing of the day and the machine it was made on."""
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o600 << 16, 3
    return info


def write(user: Any, sink: BinaryIO, *, on_progress: ProgressCallback = lambda done, total: None) -> ExportManifest:
    """Write everything of `user` into `sink`, which is only written to; `on_progress` hears how many rows of how many are done.

    Reads with the reach and in the transaction of the caller, who sees to it that all statements see one state.
    """
    numbered = {model: keys_of(model, user, exported()) for model in exported() if has_numbers(model)}
    total, done, contents = sum(map(len, numbered.values())), 0, ExportManifest()
    with zipfile.ZipFile(sink, "w", allowZip64=True) as archive:
        archive.writestr(entry(README), ABOUT)
        for model in exported():
            for rows in _file(archive, model, user, numbered, contents):
                done += rows
                on_progress(min(done, total), total)
        archive.writestr(entry(MANIFEST), contents.manifest())
    return contents


def _file(
    archive: zipfile.ZipFile, model: AnyModel, user: Any, numbered: dict[AnyModel, RowNumbers], contents: ExportManifest
) -> Iterator[int]:
    """Write one model's file; gives the number of rows of each batch."""
    writer = RowSerializer(user, {other: keys for other, keys in numbered.items() if may_reference(model, other)})
    digest, rows, size = hashlib.sha256(), 0, 0
    with archive.open(entry(name_of(model)), "w", force_zip64=True) as file:
        for batch in _batches(model, user, writer, numbered.get(model)):
            text = b"".join(map(line, batch))
            file.write(text)
            digest.update(text)
            rows, size = rows + len(batch), size + len(text)
            yield len(batch)
    contents.unreadable += writer.unreadable
    said = {"name": name_of(model), "rows": rows, "bytes": size, "sha256": digest.hexdigest()}
    contents.files.append(said)


def may_reference(model: AnyModel, other: AnyModel) -> bool:
    """Whether a file names rows of another by number: only of what comes back wherever the file itself does."""
    order = list(FOLDERS)
    return order.index(stated(other).restore) <= order.index(stated(model).restore)


def _batches(model: AnyModel, user: Any, writer: RowSerializer, keys: RowNumbers | None) -> Iterator[list[Row]]:
    rows, done = rows_of(model, user).order_by("pk"), 0
    batch = list(rows[:BATCH])
    while batch:
        numbers = [keys.number_of(row.pk) for row in batch] if keys else range(done + 1, done + 1 + len(batch))
        yield [writer.row(row, number or 0) for row, number in zip(batch, numbers, strict=True)]
        done += len(batch)
        batch = list(rows.filter(pk__gt=batch[-1].pk)[:BATCH]) if len(batch) == BATCH else []
