"""Files of rows in an export, such as receipts: `files/finance_attachment/7.pdf` is that of row 7.

They are stored without compression, and are not in the manifest, because each row has the digest of its file.
"""

import re
import zipfile
from typing import Any

from core.encryption.key_ring import EncryptionError
from core.privacy.declarations import HasFile
from users.privacy.policies import AnyModel, exported, policy_of, rows_of
from users.privacy.row_references import RowNumbers

FOLDER = "files"
NAME = re.compile(rf"{FOLDER}/(\w+)/[1-9][0-9]{{0,9}}\.[a-z0-9]{{1,10}}", re.ASCII)


def file_name(model: AnyModel, number: int, row: HasFile) -> str:
    """Return the path of a row's file inside the archive."""
    return f"{FOLDER}/{model._meta.db_table}/{number}.{row.file_ending}"


def max_bytes_of(name: str) -> int:
    """Return the size of the largest file that may have this path inside an archive; 0 if an archive has no such file."""
    found = NAME.fullmatch(name)
    return next((policy_of(each).max_file_bytes for each in exported() if found and each._meta.db_table == found[1]), 0)


def write_files(archive: zipfile.ZipFile, model: AnyModel, user: Any, keys: RowNumbers, info: Any) -> list[Any]:
    """Write the files of a user's rows. Return the keys of the rows whose files can't be decrypted, which have none."""
    unreadable = []
    for row in rows_of(model, user).order_by("pk").iterator(chunk_size=1_000):
        try:
            content = b"".join(row.read_file())
        except EncryptionError:
            unreadable.append(row.pk)
            continue
        described = info(file_name(model, keys.number_of(row.pk) or 0, row))
        described.compress_type = zipfile.ZIP_STORED
        archive.writestr(described, content)
    return unreadable
