"""`python -m dev.postgres` from a terminal."""

import subprocess
import sys

import pytest

from dev.postgres.folder import Folder
from tests.dev.postgres.conftest import ENVIRONMENT, fetch_value, server_pid

pytestmark = pytest.mark.faults


def devdb(action: str, folder: Folder) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dev.postgres", action, "--folder", str(folder.root)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)


def test_status_url_and_stop(folder: Folder) -> None:
    assert devdb("status", folder).returncode == 1

    url = devdb("url", folder).stdout.strip()
    assert fetch_value(url, "SELECT 1") == "1"

    status = devdb("status", folder)
    assert status.returncode == 0
    assert f"process {server_pid(folder)}" in status.stdout
    assert folder.password.read_text() not in status.stdout

    assert devdb("stop", folder).stdout == "stopped\n"
    assert devdb("stop", folder).stdout == "was not running\n"


def test_an_error_is_a_sentence_and_not_a_trace(own_folder: Folder) -> None:
    own_folder.password.unlink()
    result = devdb("url", own_folder)

    assert result.returncode == 1
    assert "damaged" in result.stderr
    assert "Traceback" not in result.stderr
