"""The folder of one development database: its paths, its owner and its permissions."""

import os
import pwd
from pathlib import Path

from dev.postgres.errors import DevDatabaseError

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_FOLDER = REPOSITORY / ".postgres"


class Folder:
    """Every path below the root, so that no other module spells a file name."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.cluster = root / "cluster"
        self.data = self.cluster / "data"
        self.password = self.cluster / "password"
        self.pid_file = self.data / "postmaster.pid"
        self.port = root / "port"
        self.log = root / "server.log"
        self.watcher_log = root / "watcher.log"
        # Held while the server is looked for, started or stopped.
        self.start_lock = root / "start.lock"
        # Shared by every process that uses the server, for as long as it lives.
        self.users_lock = root / "users.lock"
        # Held by the server's own processes, so it is free if and only if none of them lives.
        self.server_lock = root / "server.lock"
        # Held by the watcher, so there are never two.
        self.watcher_lock = root / "watcher.lock"


def folder_mode() -> int:
    """Private, except that root's server runs as another user who must be able to pass through."""
    return 0o711 if os.geteuid() == 0 else 0o700


def prepare(root: Path) -> Folder:
    """Make the folder and its parents; refuse one that belongs to somebody else."""
    root = root.absolute()
    root.mkdir(parents=True, exist_ok=True)
    owner = root.stat().st_uid
    if owner != os.geteuid():
        raise DevDatabaseError(
            f"The development database in '{root}' belongs to {_account(owner)}, "
            f"and this process runs as {_account(os.geteuid())}. "
            f"Run it as {_account(owner)}, or set DATABASE_URL to a server of your own. "
            f"To begin anew without its data: sudo rm -rf '{root}'"
        )
    root.chmod(folder_mode())
    return Folder(root)


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
