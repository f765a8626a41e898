"""Temporary storage for the bodies of requests and responses: small ones in memory, large ones in deleted files."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import SpooledTemporaryFile, gettempdir
from threading import Lock

MEMORY_BYTES = 262_144  # larger bodies are written to a file
# Chosen when the process starts. At its first use `tempfile` passes over a full TMPDIR and takes another folder, such as /tmp.
FOLDER = gettempdir()


class SpoolFullError(Exception):
    """The disk, or the part of it that `SPOOL_MAX_BYTES` allows, is full."""


class Spool:
    """The temporary files of this process, which together contain at most `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.used = 0
        self._lock = Lock()

    def take(self, size: int) -> None:
        """Count bytes that will be written. Raise SpoolFullError if they do not fit."""
        with self._lock:
            if self.used + size > self.max_bytes:
                raise SpoolFullError(f"The temporary files would exceed {self.max_bytes:,} bytes.")
            self.used += size

    def release(self, size: int) -> None:
        """Uncount bytes of a deleted file."""
        with self._lock:
            self.used -= size


class SpooledBody(SpooledTemporaryFile[bytes]):
    """A body that is written once and then read. Its file has no name, so it is deleted even if this process is killed."""

    def __init__(self, spool: Spool) -> None:
        super().__init__(max_size=MEMORY_BYTES, prefix="mingus-body-", dir=FOLDER)
        self.size = 0
        self._spool = spool
        self._taken = 0

    def append(self, data: bytes) -> None:
        """Write data at the end. Raise SpoolFullError if there is no room on the disk."""
        self.size += len(data)
        if self.size > MEMORY_BYTES:
            self._spool.take(self.size - self._taken)
            self._taken = self.size
        with _disk_errors():
            self.write(data)

    def rewind(self) -> None:
        """Go to the beginning, to read the body. Raise SpoolFullError if the rest of it can't be written to the file."""
        with _disk_errors():
            self.seek(0)

    def close(self) -> None:
        """Delete the file."""
        with suppress(OSError):  # raised if the rest of the file can't be written
            super().close()
        self._spool.release(self._taken)
        self._taken = 0


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SpoolFullError(f"A temporary file could not be written: {error.strerror}.") from error
