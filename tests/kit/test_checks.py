"""Every misconfiguration has an id and a remedy, and nothing is served with it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOUND = {
    "PATH": os.environ["PATH"],
    "SECRET_KEY": "s" * 50,
    "FIELD_ENCRYPTION_KEYS": "ab" * 32,
    "DATABASE_URL": "postgresql://u:p@127.0.0.1:1/d",
    "ALLOWED_HOSTS": "app.example.com",
    "SITE_URL": "https://app.example.com",
    "DEBUG": "0",
}


def check(**changes: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check` in a process of its own, under a production-like environment with `changes`."""
    command = [sys.executable, "manage.py", "check"]
    return subprocess.run(command, cwd=ROOT, env=SOUND | changes, capture_output=True, text=True, timeout=60, check=False)


def test_a_sound_environment_passes() -> None:
    assert check().returncode == 0


PROBLEMS = [
    ({"SECRET_KEY": ""}, "mingus.E002"),
    ({"SECRET_KEY": "short"}, "mingus.E002"),
    ({"FIELD_ENCRYPTION_KEYS": ""}, "mingus.E003"),
    ({"FIELD_ENCRYPTION_KEYS": "abc"}, "mingus.E003"),
    ({"DATABASE_URL": ""}, "mingus.E004"),
    ({"DATABASE_URL": "sqlite:///x"}, "mingus.E004"),
    ({"DATABASE_URL": "nonsense"}, "mingus.E004"),
    ({"ALLOWED_HOSTS": ""}, "mingus.E005"),
    ({"SITE_URL": "app.example.com"}, "mingus.E006"),
    ({"RATE_WRITES": "often"}, "mingus.E007"),
    ({"DATABASE_POOL_MAX": "many"}, "mingus.E001"),
    ({"DATABASE_POOL_LIFETIME": "0"}, "mingus.E001"),
    ({"SECRET_KEY_FILE": "/nowhere/at/all"}, "mingus.E001"),
    ({"LOG_LEVEL": "LOUD"}, "mingus.E001"),
]


@pytest.mark.parametrize(("changes", "identifier"), PROBLEMS)
def test_a_problem_is_named_with_its_remedy(changes: dict[str, str], identifier: str) -> None:
    result = check(**changes)
    assert result.returncode == 1
    assert identifier in result.stderr
    assert "HINT" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("f" * 60 + "\n")
    assert check(SECRET_KEY="", SECRET_KEY_FILE=str(file)).returncode == 0


def test_debug_on_a_public_address_is_warned_of() -> None:
    assert "mingus.W001" in check(DEBUG="1").stderr
