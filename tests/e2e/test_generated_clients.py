"""Clients that other people's generators make from the OpenAPI document: they compile, and an app on each of them runs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from dev.factories import TokenFactory
from users.models import User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
CLIENTS = Path(__file__).with_name("clients")
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
BINARY = re.compile(r"Unsupported content_type (application|image)/[a-z/, ]+\)")


def output_of(*command: str | Path, folder: Path, **environment: str) -> str:
    """Return what a command printed. Fail with it if the command fails."""
    environment = os.environ | environment
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stderr + done.stdout


@pytest.fixture
def environment(live_server: LiveServer, alice: User) -> dict[str, str]:
    """Return the address of the server, and a token of Alice."""
    return {"SERVER": live_server.url, "TOKEN": TokenFactory(user=alice, scope="read-write").text}


def calls_in(printed: str) -> int:
    return int(printed.rsplit("\n", 2)[-2].removesuffix(" calls"))


def test_an_app_on_the_generated_python_client(environment: dict[str, str], tmp_path: Path) -> None:
    programs = Path(sys.executable).parent
    generate = (programs / "openapi-python-client", "generate", "--path", DOCUMENT, "--output-path", tmp_path / "client")
    warnings = output_of(*generate, folder=tmp_path, PATH=f"{programs}:{os.environ['PATH']}")
    # the generator has no type for files; it reports each such response
    assert len(BINARY.findall(warnings)) == warnings.count("WARNING") == 2, warnings
    found = {"MYPYPATH": str(tmp_path / "client"), "PYTHONPATH": str(tmp_path / "client")}
    sample = CLIENTS / "sample.py"
    output_of(sys.executable, "-m", "mypy", "--strict", "--config-file=", sample, folder=tmp_path, **found)
    assert calls_in(output_of(sys.executable, sample, folder=tmp_path, **found, **environment)) >= 30


def test_an_app_on_the_generated_typescript_client(environment: dict[str, str], tmp_path: Path) -> None:
    shutil.copytree(CLIENTS, tmp_path, dirs_exist_ok=True)
    output_of("npm", "ci", "--silent", "--no-audit", "--no-fund", folder=tmp_path)
    output_of("npx", "openapi-typescript", DOCUMENT, "--output", "api.d.ts", folder=tmp_path)
    output_of("npx", "tsc", folder=tmp_path)
    assert calls_in(output_of("node", "built/sample.js", folder=tmp_path, **environment)) >= 20
