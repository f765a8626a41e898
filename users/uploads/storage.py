"""Storage of an uploaded file in chunks, which are encrypted with the owner's data key, and a seekable reader of it."""

import base64
import io
import zlib
from typing import TYPE_CHECKING, BinaryIO

from users.models import Upload, UploadChunk
from users.models.uploads import UploadKind
from users.second_connection import SecondConnection

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK_BYTES = 1024 * 1024
FASTEST = 1
# statements and exports of other apps are text; an export of all data is compressed already
COMPRESSED = frozenset({UploadKind.IMPORT, UploadKind.DRY_RUN, UploadKind.MOVE})


class StoppedError(Exception):
    """The upload was canceled or deleted while a job was processing it."""


def store(upload: Upload, file: BinaryIO) -> None:
    """Store `file` from its beginning as the chunks of `upload`."""
    file.seek(0)
    number = 0
    while data := file.read(CHUNK_BYTES):
        packed = zlib.compress(data, FASTEST) if upload.kind in COMPRESSED else data
        content = base64.b64encode(packed).decode()
        UploadChunk(user_id=upload.user_id, upload=upload, number=number, content=content).save(force_insert=True)
        number += 1


class UploadReader(io.RawIOBase):
    """A seekable file of an upload's chunks, one of which is in memory.

    It uses the second connection, because the first one may be in the middle of a COPY.
    """

    def __init__(self, upload: Upload, other: SecondConnection) -> None:
        super().__init__()
        self._upload, self._other = upload, other
        self._position, self._number, self._chunk = 0, -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._upload.size}[whence]
        if start + offset < 0:
            raise ValueError(f"negative position {start + offset}")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        if self._position >= self._upload.size:
            return 0
        number, start = divmod(self._position, CHUNK_BYTES)
        if number != self._number:
            self._number, self._chunk = number, self._other.run(lambda: self._read_chunk(number))
        data = self._chunk[start : start + len(view)]
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _read_chunk(self, number: int) -> bytes:
        chunk = UploadChunk.objects.filter(user_id=self._upload.user_id, upload_id=self._upload.pk, number=number).first()
        if chunk is None:
            raise StoppedError
        packed = base64.b64decode(chunk.content)
        return zlib.decompress(packed) if self._upload.kind in COMPRESSED else packed
