"""Makes this process the production one, with a database of its own that is thrown away.

DEBUG costs a good deal by itself (every query is kept, every file looked up again), so nothing may be measured under it.
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

from dev import postgres
from mingus.env import Environment

REPOSITORY = Path(__file__).resolve().parent.parent
DATABASE = "bench_mingus"
HOST = "bench.example"


def configure() -> None:
    """Set Django up as `manage.py serve` would in production, on the developer's server but never on his database.

    One connection, because one thread asks. What a parent process has chosen, its children keep.
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
    warnings.filterwarnings("ignore", "No directory at")  # static files are collected by a deployment, and none is asked for
    django.setup()


def connection_parameters(database: str = DATABASE) -> dict[str, Any]:
    """How psycopg reaches `database` without Django's own adapters, preparing statements as it does by default."""
    found = connections["default"].get_connection_params()
    ours = {"context", "cursor_factory", "prepare_threshold"}
    return {name: value for name, value in found.items() if name not in ours} | {"dbname": database}


def home_parameters() -> dict[str, Any]:
    """The way to the database that DATABASES names, from where another one can be made and dropped."""
    return connection_parameters(os.environ["MINGUS_HOME_DATABASE"])


def peak_of(*arguments: str) -> int:
    """Bytes that `benchmarks.memory` with these arguments reports, from a process that does nothing else."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.memory", *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True)  # noqa: S603 - our own
    return int(done.stdout.split()[-1])
