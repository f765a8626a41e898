"""The data folder, which is created completely or not at all and checked before a server uses it."""

import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from dev.postgres.binaries import Programs, clean_environment, server_account
from dev.postgres.errors import DevDatabaseError, start_over_remedy
from dev.postgres.folder import Folder, folder_mode

ROLE = DATABASE = "mingus"
_UNFINISHED = "unfinished-"
_LOCALE = "C.UTF-8"
_CLIENT_AUTHENTICATION = f"host all {ROLE} 127.0.0.1/32 scram-sha-256\n"


def ensure_cluster(folder: Folder, programs: Programs) -> None:
    """Create the cluster if there is none. Raise DevDatabaseError if the programs cannot read the existing one."""
    for leftover in folder.root.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if not folder.cluster.exists():
        _create(folder, programs)
    _check(folder, programs)
    _clear_stale_pid_file(folder)


def _create(folder: Folder, programs: Programs) -> None:
    """Create the cluster in a temporary folder and rename it last, so that a crash leaves no partial cluster."""
    unfinished = Folder(Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.root)))
    try:
        unfinished.root.chmod(folder_mode())
        _create_in(unfinished, programs)
        unfinished.cluster.rename(folder.cluster)
    finally:
        shutil.rmtree(unfinished.root, ignore_errors=True)


def _create_in(folder: Folder, programs: Programs) -> None:
    folder.cluster.mkdir()
    folder.cluster.chmod(folder_mode())
    folder.data.mkdir(mode=0o700)
    if account := server_account():
        os.chown(folder.data, *account)
    initdb = programs.command(
        "initdb",
        f"--pgdata={folder.data}",
        "--username=postgres",
        "--auth=reject",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        f"--builtin-locale={_LOCALE}",
        f"--locale={_LOCALE}",
        "--no-instructions",
    )
    _run(initdb)
    (folder.data / "pg_hba.conf").write_text(_CLIENT_AUTHENTICATION)
    # SECURITY: the superuser is used only here and never gets a password or a way to log in.
    single_user = programs.command("postgres", "--single", "-D", str(folder.data), "-c", "exit_on_error=on", "postgres")
    password = secrets.token_urlsafe(24)
    create_role = f"CREATE ROLE {ROLE} LOGIN CREATEDB CREATEROLE PASSWORD '{password}';"
    _run(single_user, stdin=f"{create_role}\nCREATE DATABASE {DATABASE} OWNER {ROLE};\n")  # one statement per line
    folder.password.touch(mode=0o600)
    folder.password.write_text(password)


def _run(command: list[str], stdin: str = "") -> None:
    result = subprocess.run(
        command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=clean_environment()
    )
    if result.returncode != 0:
        last_lines = "\n".join(result.stdout.splitlines()[-8:])
        raise DevDatabaseError(
            f"The development database could not be created:\n{last_lines}\n"
            "Fix the reported problem and try again, or set DATABASE_URL to a server of your own."
        )


def _check(folder: Folder, programs: Programs) -> None:
    """Raise DevDatabaseError if files are missing or the major version is another one."""
    try:
        major = int((folder.data / "PG_VERSION").read_text())
        folder.password.read_text()
    except (OSError, ValueError) as error:
        raise DevDatabaseError(
            f"The development database in '{folder.root}' is damaged: {error}. {start_over_remedy(folder.root)}"
        ) from error
    if major != programs.major:
        raise DevDatabaseError(
            f"The development database in '{folder.root}' was created by PostgreSQL {major}, and the "
            f"installed programs are PostgreSQL {programs.major}. To keep its data, check out the commit "
            f"that created it and export the data with pg_dump. {start_over_remedy(folder.root)}"
        )


def _clear_stale_pid_file(folder: Folder) -> None:
    """Remove the pid file of a dead server. Call only while the server lock is free.

    PostgreSQL trusts the process ID in the file, which may be truncated or belong to another process or a zombie by now. Raise
    DevDatabaseError in the one case in which it is right: a server that was started by hand.
    """
    pid = read_pid(folder)
    if pid is not None and is_postgres_at(pid, folder.data):
        raise DevDatabaseError(
            f"A PostgreSQL that MINGUS did not start (process {pid}) uses '{folder.data}'. Stop it with: kill -INT {pid}"
        )
    folder.pid_file.unlink(missing_ok=True)


def read_pid(folder: Folder) -> int | None:
    """Return the process ID that the server wrote, or None if the file is missing or truncated."""
    try:
        return int(folder.pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def is_stopping(folder: Folder) -> bool:
    """Return True if the server has written that it is shutting down, in the eighth line of its file."""
    try:
        return folder.pid_file.read_text().split("\n")[7].strip() == "stopping"
    except (OSError, IndexError):
        return False


def is_postgres_at(pid: int, data: Path) -> bool:
    """Return True if the process is a PostgreSQL on this data folder. Without /proc return False."""
    process = Path("/proc", str(pid))
    try:
        is_postgres = (process / "comm").read_text().strip() == "postgres"
        return is_postgres and (process / "cwd").samefile(data)
    except OSError:
        return False
