"""The embedded database under root and under an ordinary user."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dev.postgres import DevDatabaseError, binaries, ensure_running
from dev.postgres.folder import Folder
from tests.dev.postgres.conftest import ENVIRONMENT, GRACE, eventually, fetch_value, server_pid, unprivileged_prefix, watchers

pytestmark = [pytest.mark.faults, pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")]


def status(pid: int, name: str) -> str:
    lines = Path("/proc", str(pid), "status").read_text().splitlines()
    return next(line for line in lines if line.startswith(f"{name}:")).split(maxsplit=1)[1]


def devdb_unprivileged(action: str, folder: Folder) -> str:
    command = [*unprivileged_prefix(), sys.executable, "-m", "dev.postgres", action, "--folder", str(folder.root)]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout.strip()


def test_root_runs_it_as_another_user_below_a_closed_folder(folder: Folder) -> None:
    folder.root.parent.chmod(0o700)
    url = ensure_running(folder.root, grace=GRACE)

    assert fetch_value(url, "SELECT 1") == "1"
    assert status(server_pid(folder), "Uid").split() == ["65534"] * 4
    assert folder.root.parent.stat().st_mode & 0o777 == 0o700


def test_an_ordinary_user_runs_it_under_their_own_id(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "postgres")
    tmp_path.chmod(0o755)
    os.chown(tmp_path, 65534, 65534)

    assert fetch_value(devdb_unprivileged("url", folder), "SELECT 1") == "1"
    assert status(server_pid(folder), "Uid").split() == ["65534"] * 4
    assert folder.root.stat().st_uid == 65534
    assert folder.root.stat().st_mode & 0o777 == 0o700
    assert devdb_unprivileged("stop", folder) == "stopped"
    assert eventually(lambda: not watchers(folder))


def test_it_refuses_the_folder_of_another_user_with_a_remedy(own_folder: Folder) -> None:
    os.chown(own_folder.root, 1234, 1234)

    with pytest.raises(DevDatabaseError, match=r"belongs to user 1234.*runs as root.*sudo rm -rf"):
        ensure_running(own_folder.root, grace=GRACE)
    os.chown(own_folder.root, 0, 0)


def test_root_that_cannot_change_user_gets_a_remedy(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_prefixes", lambda: iter([("setpriv", "--reuid=65534", "--")]))
    folder.root.parent.chmod(0o700)
    folder.root.chmod(0o700)

    with pytest.raises(DevDatabaseError, match=r"does not run as root.*ordinary user.*DATABASE_URL"):
        ensure_running(folder.root, grace=GRACE)


def test_it_needs_no_setpriv_where_the_files_can_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    [prefix] = binaries._prefixes()

    identity = subprocess.run([*prefix, "/usr/bin/id", "-u"], capture_output=True, text=True, check=True)
    assert identity.stdout.strip() == "65534"
