"""Databases and processes of their own: `tools/integration.sh` starts the servers and says where they are."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]
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


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of an empty database that only this module's tests use; it belongs to the role that serves."""
    name = f"mingus_{request.module.__name__.rsplit('_', 1)[-1]}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        yield name
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
