"""Setup of this process as in production, with a temporary database.

DEBUG is slow (it stores every query and looks up every file again), so nothing is measured with it.
"""

import os
import secrets
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db import connections

from benchmarks.api_contract import HOST
from dev import postgres
from mingus.env import Environment

REPOSITORY = Path(__file__).resolve().parent.parent
DATABASE = "bench_mingus"


def configure() -> None:
    """Set Django up as `manage.py serve` does in production, on the developer's server but not on their database.

    One connection is enough for one thread. Child processes inherit the choices of their parent.
    """
    url = Environment(REPOSITORY / ".env").text("DATABASE_URL") or postgres.ensure_running()
    chosen = {"DATABASE_URL": url, "SECRET_KEY": secrets.token_urlsafe(64), "FIELD_ENCRYPTION_KEYS": secrets.token_hex(32)}
    required = {
        "DEBUG": "0",
        "DJANGO_SETTINGS_MODULE": "mingus.settings",
        "ALLOWED_HOSTS": HOST,
        "SITE_URL": f"https://{HOST}",
        "SECURE_SSL_REDIRECT": "1",
        "DATABASE_POOL_MIN": "1",
        "DATABASE_POOL_MAX": "1",
        "LOG_LEVEL": "ERROR",
        "RATE_LIMITS": "0",
    }
    os.environ |= {name: os.environ.get(name, value) for name, value in chosen.items()} | required
    os.environ.setdefault("MINGUS_HOME_DATABASE", settings.DATABASES["default"]["NAME"])
    settings.DATABASES["default"]["NAME"] = DATABASE
    warnings.filterwarnings("ignore", "No directory at")  # of static files, which only a deployment collects
    django.setup()


def connection_parameters(database: str = DATABASE) -> dict[str, Any]:
    """Return psycopg's parameters for `database`, without Django's adapters and with the default preparation of statements."""
    found = connections["default"].get_connection_params()
    ours = {"context", "cursor_factory", "prepare_threshold"}
    return {name: value for name, value in found.items() if name not in ours} | {"dbname": database}


def home_parameters() -> dict[str, Any]:
    """Return psycopg's parameters for the database that DATABASES names, from which others are created and dropped."""
    return connection_parameters(os.environ["MINGUS_HOME_DATABASE"])


def peak_of(*arguments: str) -> int:
    """Return the bytes that `benchmarks.memory` reports in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.memory", *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True)  # noqa: S603 - our own
    return int(done.stdout.split()[-1])
