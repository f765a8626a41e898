"""Databases and processes of their own: `tools/integration.sh` starts the servers and says where they are."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]
REDIS = ["redis-server", "--bind", "127.0.0.1", "--save", "", "--port"]
SUPERUSER_URL = os.environ.get("SUPERUSER_URL", "")


def url(of: str, database: str) -> str:
    """The address `of` with another database."""
    return os.environ[of].rsplit("/", 1)[0] + f"/{database}"


def manage(*arguments: str, script: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the project in a process of its own."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | {"DEBUG": "1", "PYTHONPATH": str(ROOT)} | environment,
        input=script,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


def done(result: subprocess.CompletedProcess[str]) -> str:
    """What a command said that went well."""
    assert result.returncode == 0, result.stderr
    return result.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> None:
    """Wait until somebody listens on a port of the loopback address. Raises ConnectionRefusedError after ten seconds."""
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise ConnectionRefusedError(port)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    """The address of an empty Redis."""
    port = free_port()
    with subprocess.Popen([*REDIS, str(port), "--dir", str(tmp_path)], stdout=subprocess.DEVNULL) as server:
        answers(port)
        yield f"redis://127.0.0.1:{port}/0"
        server.kill()


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of an empty database that only this module's tests use; it belongs to the role that serves."""
    name = f"mingus_{request.module.__name__.rsplit('_', 1)[-1]}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        yield name
    # by the superuser: no other may end an autovacuum that is at work there
    with psycopg.connect(SUPERUSER_URL, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
