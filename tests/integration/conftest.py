"""Databases and processes for the integration tests, on the servers that `tools/integration.sh` starts."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]
REDIS = ["redis-server", "--bind", "127.0.0.1", "--save", "", "--port"]
SUPERUSER_URL = os.environ.get("SUPERUSER_URL", "")


def url(of: str, database: str) -> str:
    """Return the URL in the environment variable `of` with another database."""
    return os.environ[of].rsplit("/", 1)[0] + f"/{database}"


def manage(*arguments: str, script: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a management command in a separate process."""
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
    """Check that a command succeeded and return its output."""
    assert result.returncode == 0, result.stderr
    return result.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int) -> None:
    """Wait until a server listens on a local port, and raise ConnectionRefusedError after ten seconds."""
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise ConnectionRefusedError(port)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    """Start an empty Redis and yield its URL."""
    port = free_port()
    with subprocess.Popen([*REDIS, str(port), "--dir", str(tmp_path)], stdout=subprocess.DEVNULL) as server:
        wait_for_port(port)
        yield f"redis://127.0.0.1:{port}/0"
        server.kill()


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Create an empty database for this module, owned by the serving role, and yield its name."""
    name = f"mingus_{request.module.__name__.rsplit('_', 1)[-1]}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        yield name
    # as the superuser, who alone may end an autovacuum of the database
    with psycopg.connect(SUPERUSER_URL, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def url_as(role: str, database_url: str) -> str:
    """Return the URL with another role that has the same password."""
    parts = urlsplit(database_url)
    return urlunsplit(parts._replace(netloc=f"{role}:{parts.password}@{parts.hostname}:{parts.port}"))


@pytest.fixture(scope="module")
def serving_role() -> Iterator[str]:
    """Create a role that serves and owns nothing, and yield its name."""
    password = urlsplit(os.environ["DATABASE_URL"]).password
    with psycopg.connect(SUPERUSER_URL, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE mingus_server LOGIN PASSWORD '{password}'")
        connection.execute("GRANT mingus_serving TO mingus_server")
        yield "mingus_server"
        connection.execute("DROP OWNED BY mingus_server")
        connection.execute("DROP ROLE mingus_server")
