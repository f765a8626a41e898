"""Reading an export that somebody hands in: nothing in it is believed before it was checked.

Only the files that an export has are opened, by their exact names and never on a disk; sizes are bounded before a byte is
unpacked; and every file must have the length and the hash that the manifest gives.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from core.errors import DomainError
from core.models.validators import has_null_character
from users.privacy.archive import FORMAT, MANIFEST, README, SCHEMA, name_of
from users.privacy.policies import AnyModel, exported
from users.privacy.row_serialization import Row

MAX_UNPACKED = 4 * 1024**3
MAX_LINE = 4 * 1024**2
MAX_MANIFEST = 1024**2
BLOCK = 1024**2
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def refused(code: str, sentence: str) -> DomainError:
    """The 400 for a file that is no export as it was handed out."""
    return DomainError(code, sentence, field="file")


class ExportReader:
    """An export that was handed in, checked as a whole. Raises DomainError that names what is wrong with it."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self.zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OSError, NotImplementedError) as error:
            raise refused("not_a_zip", "This is no zip file.") from error
        self._check_names()
        self.said = self._manifest()
        self._check_contents()

    def rows(self, model: AnyModel) -> Iterator[tuple[int, Row]]:
        """The rows of a model with the numbers of their lines, from 1; none where the export has no such file."""
        name = name_of(model)
        if name not in self.said:
            return
        with self.zip.open(name) as file:
            number = 0
            while text := file.readline(MAX_LINE + 1):
                number += 1
                yield number, _parsed(text, f"{name}, line {number}")

    def _check_names(self) -> None:
        known = {MANIFEST, README, *map(name_of, exported())}
        names = [info.filename for info in self.zip.infolist()]
        strange = [name for name in names if name not in known]
        if strange:
            raise refused("unknown_file", f"An export has no file {strange[0][:100]!r}. Hand in the zip as you got it.")
        if len(set(names)) != len(names) or MANIFEST not in names:
            raise refused("incomplete", f"Each file must be there once, {MANIFEST} too. Hand in the zip as you got it.")
        unpacked = sum(info.file_size for info in self.zip.infolist())
        if unpacked > MAX_UNPACKED or self.zip.getinfo(MANIFEST).file_size > MAX_MANIFEST:
            raise refused("too_large", f"Unpacked it may have {MAX_UNPACKED:,} bytes at most.")
        if any(info.flag_bits & 1 or info.compress_type not in METHODS for info in self.zip.infolist()):
            raise refused("unknown_packing", "The zip is encrypted or packed in another way than ours.")

    def _manifest(self) -> dict[str, dict[str, Any]]:
        try:
            said = json.loads(b"".join(_blocks(self.zip, MANIFEST)))
            if said["format"] == FORMAT and said["schema"] == SCHEMA:
                return {str(file["name"]): file for file in said["files"]}
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            raise refused("invalid_manifest", f"{MANIFEST} can't be read. Hand in the zip as you got it.") from error
        sentence = f"This export has the format {said['format']!r:.40}, version {said['schema']!r:.10}; this MINGUS reads "
        raise refused("unknown_version", f"{sentence}{FORMAT!r}, version {SCHEMA}.")

    def _check_contents(self) -> None:
        files = set(self.zip.namelist()) - {MANIFEST, README}
        if files != set(self.said):
            raise refused("incomplete", f"The files are not those that {MANIFEST} lists. Hand in the zip as you got it.")
        for name, said in self.said.items():
            digest = hashlib.sha256()
            for block in _blocks(self.zip, name):
                digest.update(block)
            if digest.hexdigest() != said.get("sha256"):
                raise refused("changed", f"{name} is not as {MANIFEST} says: it was changed or damaged.")


def _blocks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """A file's bytes, no more at once than fit; zlib's and zipfile's complaints become ours."""
    try:
        with archive.open(name) as file:
            while block := file.read(BLOCK):
                yield block
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise refused("damaged", f"{name} is damaged.") from error


def _parsed(text: bytes, place: str) -> Row:
    def refuse_constant(name: str) -> None:
        raise ValueError(f"{name} is no JSON")

    if len(text) > MAX_LINE:
        raise refused("too_large", f"{place}: a row may have {MAX_LINE:,} bytes at most.")
    try:
        row = json.loads(text, parse_constant=refuse_constant)  # orjson rounds whole numbers of more than 64 bits
        if b"\\u" in text:
            json.dumps(row, ensure_ascii=False).encode()  # half a surrogate pair has no place in a database
    except (ValueError, RecursionError) as error:
        raise refused("invalid_json", f"{place}: this is not valid JSON.") from error
    if not isinstance(row, dict) or (b"\\u0000" in text and has_null_character(row)):
        raise refused("invalid_row", f"{place}: a row is a JSON object without null characters.")
    return row
