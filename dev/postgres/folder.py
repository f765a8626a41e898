"""The folder of a development database: its paths, owner and permissions."""

import os
import pwd
from pathlib import Path

from dev.postgres.errors import DevDatabaseError

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_FOLDER = REPOSITORY / ".postgres"


class Folder:
    """The paths below the root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.cluster = root / "cluster"
        self.data = self.cluster / "data"
        self.password = self.cluster / "password"
        self.pid_file = self.data / "postmaster.pid"
        self.port = root / "port"
        # Exists from the start of the server until it is stopped, so also after it was killed or has ended itself
        self.wanted = root / "wanted"
        self.log = root / "server.log"
        self.watcher_log = root / "watcher.log"
        # Held while the server is located, started or stopped.
        self.start_lock = root / "start.lock"
        # Shared by every process that uses the server, until the process ends.
        self.users_lock = root / "users.lock"
        # Held by the server's own processes, so it is free if and only if all of them have ended.
        self.server_lock = root / "server.lock"
        # Held by the watcher, so that there is at most one.
        self.watcher_lock = root / "watcher.lock"


def folder_mode() -> int:
    """Return 0700, or 0711 for root, whose server runs as another user that must be able to enter the folder."""
    return 0o711 if os.geteuid() == 0 else 0o700


def prepare(root: Path) -> Folder:
    """Create the folder and its parents. Raise DevDatabaseError if it belongs to another user."""
    root = root.absolute()
    root.mkdir(parents=True, exist_ok=True)
    owner = root.stat().st_uid
    if owner != os.geteuid():
        raise DevDatabaseError(
            f"The development database in '{root}' belongs to {_account(owner)}, "
            f"and this process runs as {_account(os.geteuid())}. "
            f"Run it as {_account(owner)}, or set DATABASE_URL to a server of your own. "
            f"To start over without its data: sudo rm -rf '{root}'"
        )
    root.chmod(folder_mode())
    return Folder(root)


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
