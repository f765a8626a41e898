"""Reader of uploaded exports, which validates a file before its data is used.

Only the files of an export are opened, by their exact names and without unpacking to disk. Sizes are limited before
anything is unpacked, and files are unpacked in blocks, so memory use does not grow with the file. Every file must have the hash
in the manifest.
"""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

from django.conf import settings

from core.errors import DomainError
from core.json_input import MAX_DEPTH, parsed
from core.models.validators import has_null_character
from core.privacy.declarations import HasFile
from users.privacy.archive import FORMAT, MANIFEST, MAX_RATIO, PADDING, README, SCHEMA, UNLIMITED_BYTES, name_of
from users.privacy.archived_files import file_name, max_bytes_of
from users.privacy.policies import AnyModel, exported
from users.privacy.row_serialization import Row

MAX_LINE = 4 * 1024**2
MAX_MANIFEST = 1024**2
MAX_ROW_DEPTH = MAX_DEPTH + 8  # a row may contain another row, as in the undo of an import
BATCH_ROWS, BATCH_BYTES = 1_000, 4 * 1024**2
HASHED = 20  # percent of an import's work that are done once the hashes are checked
BLOCK = 1024**2
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def invalid_export(code: str, sentence: str) -> DomainError:
    """Return the error for a file that is not an unchanged export (status 400)."""
    return DomainError(code, sentence, field="file")


class BoundedFile:
    """The methods of a file that `zipfile` uses. Large reads are refused, because it reads the whole directory into memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self.size = file.seek(0, io.SEEK_END)
        self.seek, self.tell, self.seekable, self._read = file.seek, file.tell, file.seekable, file.read

    def read(self, size: int = -1) -> bytes:
        wanted = size if size >= 0 else self.size - self.tell()
        if wanted > BLOCK:
            raise zipfile.BadZipFile("The directory is too large.")
        return self._read(wanted)


class ExportReader:
    """An uploaded export. Raises DomainError with a message that names the problem.

    The constructor reads only the directory and the manifest. `check_contents` must be called before `batches`; `on_progress`
    is called with the progress of both in percent.
    """

    def __init__(self, file: IO[bytes], *, on_progress: Callable[[int], None] = lambda percent: None) -> None:
        self.on_progress, self.loaded = on_progress, 0
        try:
            bounded = BoundedFile(file)
            self.zip = zipfile.ZipFile(bounded)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OSError, NotImplementedError) as error:
            raise invalid_export("not_a_zip", "This is not a ZIP file. Upload the export as it was downloaded.") from error
        self._check_names()
        self.unpacked = self._check_sizes(bounded.size)
        self.manifest = self._manifest()

    @property
    def is_large(self) -> bool:
        """Return True if the import should be a job."""
        counts = [file.get("rows") for file in self.manifest.values()]
        rows = sum(count for count in counts if isinstance(count, int))
        return self.unpacked > settings.IMPORT_DIRECT_BYTES or rows > settings.IMPORT_DIRECT_ROWS

    def batches(self, model: AnyModel) -> Iterator[list[tuple[int, Row]]]:
        """Yield the rows of a model with their line numbers, from 1, in batches; nothing if the export has no such file."""
        batch, end = list[tuple[int, Row]](), self.loaded + BATCH_BYTES
        for row in self._rows(model):
            batch.append(row)
            if len(batch) == BATCH_ROWS or self.loaded >= end:
                yield batch
                batch, end = [], self.loaded + BATCH_BYTES
        if batch:
            yield batch

    def take_file(self, model: AnyModel, number: int, row: HasFile) -> bytes:
        """Return the contents of a row's file, which is small enough for the memory, once."""
        name = file_name(model, number, row)
        if name not in self.files:
            raise invalid_export("incomplete", f"The file {name} is missing. Upload the export as it was downloaded.")
        self.files.remove(name)
        return b"".join(_blocks(self.zip, name))

    def require_no_more_files(self) -> None:
        """Raise DomainError for a file without a row."""
        for name in self.files:
            raise invalid_export("unknown_file", f"No row has the file {name}. Upload the export as it was downloaded.")

    def _rows(self, model: AnyModel) -> Iterator[tuple[int, Row]]:
        name = name_of(model)
        if name not in self.manifest:
            return
        with self.zip.open(name) as file:
            number = 0
            while text := file.readline(MAX_LINE + 1):
                number += 1
                self.loaded += len(text)
                self.on_progress(HASHED + (100 - HASHED) * self.loaded // self.unpacked)
                yield number, _parsed(text, f"{name}, line {number}")

    def _check_names(self) -> None:
        known = {MANIFEST, README, PADDING, *map(name_of, exported())}
        names = [info.filename for info in self.zip.infolist()]
        self.files = {info.filename for info in self.zip.infolist() if 0 < info.file_size <= max_bytes_of(info.filename)}
        unknown = [name for name in names if name not in known | self.files]
        if unknown:
            raise invalid_export("unknown_file", f"An export has no file {unknown[0][:100]!r}. Upload it as it was downloaded.")
        if len(set(names)) != len(names) or MANIFEST not in names:
            raise invalid_export(
                "incomplete", f"Each file must occur once, {MANIFEST} too. Upload the export as it was downloaded."
            )
        if any(info.flag_bits & 1 or info.compress_type not in METHODS for info in self.zip.infolist()):
            raise invalid_export("unknown_packing", "The ZIP file is encrypted or has an unsupported compression.")

    def _check_sizes(self, packed: int) -> int:
        """Return the size of the unpacked files, to which `zipfile` limits what it unpacks."""
        unpacked = sum(info.file_size for info in self.zip.infolist())
        if unpacked > settings.RESTORE_MAX_BYTES or self.zip.getinfo(MANIFEST).file_size > MAX_MANIFEST:
            sentence = (
                f"The unpacked size must not exceed {settings.RESTORE_MAX_BYTES:,} bytes. Ask support to import the file."
            )
            raise invalid_export("too_large", sentence)
        if unpacked > max(UNLIMITED_BYTES, MAX_RATIO * packed):
            raise invalid_export(
                "too_compressed",
                f"The unpacked size is more than {MAX_RATIO} times that of the ZIP file, which an export's never is. "
                "Upload the export as it was downloaded.",
            )
        return unpacked

    def _manifest(self) -> dict[str, dict[str, Any]]:
        try:
            manifest = parsed(b"".join(_blocks(self.zip, MANIFEST)))
            if manifest["format"] == FORMAT and manifest["schema"] == SCHEMA:
                return {str(file["name"]): file for file in manifest["files"]}
        except (DomainError, KeyError, TypeError) as error:
            raise invalid_export(
                "invalid_manifest", f"{MANIFEST} can't be read. Upload the export as it was downloaded."
            ) from error
        found = f"{manifest['format']!r:.40}, version {manifest['schema']!r:.10}"
        raise invalid_export("unknown_version", f"The format is {found}. This server imports {FORMAT!r}, version {SCHEMA}.")

    def check_contents(self) -> None:
        """Raise DomainError unless every file has the hash in the manifest."""
        files, hashed = set(self.zip.namelist()) - {MANIFEST, README, PADDING} - self.files, 0
        if files != set(self.manifest):
            raise invalid_export("incomplete", f"The files do not match {MANIFEST}. Upload the export as it was downloaded.")
        for name, listed in self.manifest.items():
            digest = hashlib.sha256()
            for block in _blocks(self.zip, name):
                digest.update(block)
                hashed += len(block)
                self.on_progress(HASHED * hashed // self.unpacked)
            if digest.hexdigest() != listed.get("sha256"):
                raise invalid_export("changed", f"{name} does not match its hash in {MANIFEST}: it was changed or damaged.")


def _blocks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Yield a file's bytes in blocks. Errors of zlib and zipfile are raised as DomainError."""
    try:
        with archive.open(name) as file:
            while block := file.read(BLOCK):
                yield block
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise invalid_export("damaged", f"{name} is damaged. Download the export again.") from error


def _parsed(text: bytes, location: str) -> Row:
    if len(text) > MAX_LINE:
        raise invalid_export("too_large", f"{location}: a row must not exceed {MAX_LINE:,} bytes.")
    try:
        row = parsed(text, location, MAX_ROW_DEPTH)
    except DomainError as error:
        raise invalid_export("invalid_json", str(error)) from error
    if not isinstance(row, dict) or (b"\\u0000" in text and has_null_character(row)):
        raise invalid_export("invalid_row", f"{location}: a row must be a JSON object without null characters.")
    return row
