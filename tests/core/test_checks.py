"""System checks of the configuration, each with an id and a remedy."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.faults
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
    """Run `manage.py check` in a separate process, in a production-like environment with `changes`."""
    command = [sys.executable, "manage.py", "check"]
    return subprocess.run(command, cwd=ROOT, env=SOUND | changes, capture_output=True, text=True, timeout=60, check=False)


def test_a_sound_environment_passes() -> None:
    assert check().returncode == 0


# Several at once, because a process is slow to start and all problems must be reported together.
PROBLEMS = [
    (
        {"SECRET_KEY": "", "FIELD_ENCRYPTION_KEYS": "", "DATABASE_URL": "", "ALLOWED_HOSTS": ""},
        {"mingus.E002", "mingus.E003", "mingus.E004", "mingus.E005"},
    ),
    ({"RETURN_URLS": "http://app.example.com/"}, {"mingus.E036"}),
    ({"RETURN_URLS": "app.example.com"}, {"mingus.E036"}),
    ({"WEB_PUSH_PRIVATE_KEY": "short"}, {"mingus.E035"}),
    (
        {"SECRET_KEY": "short", "FIELD_ENCRYPTION_KEYS": "abc", "DATABASE_URL": "sqlite:///x", "SITE_URL": "app.example.com"},
        {"mingus.E002", "mingus.E003", "mingus.E004", "mingus.E006"},
    ),
    ({"DATABASE_URL": "nonsense", "MAILS_PER_ADDRESS": "11"}, {"mingus.E001", "mingus.E004", "mingus.E021"}),
    (
        {"MAILS_PER_ADDRESS": "0", "MAILS_PER_ADDRESS_AND_DAY": "5000", "MAIL_LIMIT_MINUTES": "x"},
        {"mingus.E001", "mingus.E021"},
    ),
    ({"DATABASE_REPLICA_URL": "postgresql://u:p@127.0.0.1:2/d"}, {"mingus.E001"}),  # without REDIS_URL
    (
        {"DATABASE_REPLICA_URL": "postgresql://another:p@127.0.0.1:2/d", "REDIS_URL": "redis://127.0.0.1:1/0"},
        {"mingus.E001"},
    ),
    (
        {"MAX_URL_BYTES": "100", "MAX_HEADER_BYTES": "60000"},
        {"mingus.E001", "mingus.E024"},
    ),
    (
        {"SECRET_KEY_FILE": "/nowhere/at/all", "DATABASE_POOL_LIFETIME": "0", "LOG_LEVEL": "LOUD", "RATE_WRITES": "often"},
        {"mingus.E001", "mingus.E002", "mingus.E007"},
    ),
    ({"DATABASE_LOCK_TIMEOUT": "0", "DATABASE_JOB_LOCK_TIMEOUT": "600"}, {"mingus.E001", "mingus.E030"}),
    ({"DATABASE_MIGRATION_STATEMENT_TIMEOUT": "86401", "STRIPE_TIMEOUT": "60"}, {"mingus.E001", "mingus.E030"}),
]


@pytest.mark.parametrize(("changes", "identifiers"), PROBLEMS)
def test_each_problem_is_named_with_its_remedy(changes: dict[str, str], identifiers: set[str]) -> None:
    result = check(**changes)
    assert result.returncode == 1
    assert set(re.findall(r"mingus\.E\d+", result.stderr)) == identifiers
    assert result.stderr.count("HINT") >= len(identifiers)
    assert "Traceback" not in result.stderr


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("f" * 60 + "\n")
    assert check(SECRET_KEY="", SECRET_KEY_FILE=str(file)).returncode == 0


def test_debug_with_a_public_host_is_a_warning() -> None:
    assert "mingus.W001" in check(DEBUG="1").stderr


def test_time_limits_may_be_off_in_development() -> None:
    names = ("LOCK", "STATEMENT", "IDLE_TRANSACTION")
    assert check(DEBUG="1", **{f"DATABASE_{name}_TIMEOUT": "0" for name in names}).returncode == 0
    refused = check(**{f"DATABASE_{name}_TIMEOUT": "0" for name in names})
    assert refused.stderr.count("must be 1 or more, not 0") == 3
