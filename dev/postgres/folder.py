"""The folder of one development database: its paths, its owner and its permissions."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from dev.postgres.errors import DevDatabaseError

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_FOLDER = REPOSITORY / ".postgres"


@dataclass(frozen=True, slots=True)
class Folder:
    """Every path below the root, so that no other module spells a file name."""

    root: Path

    @property
    def cluster(self) -> Path:
        return self.root / "cluster"

    @property
    def data(self) -> Path:
        return self.cluster / "data"

    @property
    def password(self) -> Path:
        return self.cluster / "password"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @property
    def port(self) -> Path:
        return self.root / "port"

    @property
    def log(self) -> Path:
        return self.root / "server.log"

    @property
    def watcher_log(self) -> Path:
        return self.root / "watcher.log"

    @property
    def start_lock(self) -> Path:
        """Held while the server is looked for, started or stopped."""
        return self.root / "start.lock"

    @property
    def users_lock(self) -> Path:
        """Shared by every process that uses the server, for as long as it lives."""
        return self.root / "users.lock"

    @property
    def server_lock(self) -> Path:
        """Held by the server's own processes, so it is free if and only if none of them lives."""
        return self.root / "server.lock"

    @property
    def watcher_lock(self) -> Path:
        """Held by the watcher, so there are never two."""
        return self.root / "watcher.lock"


def folder_mode() -> int:
    """Private, except that root's server runs as another user who must be able to pass through."""
    return 0o711 if os.geteuid() == 0 else 0o700


def prepare(root: Path) -> Folder:
    """Make the folder and its parents; refuse one that belongs to somebody else."""
    root = root.absolute()
    root.mkdir(parents=True, exist_ok=True)
    owner = root.stat().st_uid
    if owner != os.geteuid():
        raise _foreign(root, owner)
    root.chmod(folder_mode())
    return Folder(root)


def _foreign(root: Path, owner: int) -> DevDatabaseError:
    return DevDatabaseError(
        f"The development database in '{root}' belongs to {_account(owner)}, "
        f"and this process runs as {_account(os.geteuid())}. "
        f"Run it as {_account(owner)}, or set DATABASE_URL to a server of your own. "
        f"To begin anew without its data: sudo rm -rf '{root}'"
    )


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
