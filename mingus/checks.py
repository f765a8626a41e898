"""System checks: each misconfiguration has an id and says what to do about it.

They run before every command, `manage.py serve` included, so nothing is served with a wrong configuration.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from core import rls
from core.encryption import data_keys, key_ring
from core.encryption.key_ring import EncryptionError

MIN_SECRET_LENGTH = 50
RATE = re.compile(r"[1-9]\d{0,8}/[smhd]")


def environment_is_readable(**_: Any) -> list[CheckMessage]:
    """mingus.E001: a variable has a value of the wrong type."""
    return [
        Error(f"The environment variable {name} can't be used: {problem}.", hint="See the table in README.", id="mingus.E001")
        for name, problem in settings.ENVIRONMENT_PROBLEMS
    ]


def secret_key_is_set(**_: Any) -> list[CheckMessage]:
    """mingus.E002: no SECRET_KEY outside DEBUG."""
    try:
        if len(settings.SECRET_KEY) >= MIN_SECRET_LENGTH:
            return []
    except ImproperlyConfigured:
        pass  # Django refuses an empty key when it is read; this check says the same with a remedy
    hint = "Set SECRET_KEY or SECRET_KEY_FILE to 50 random characters or more; set DEBUG=1 on a developer's machine."
    return [Error("SECRET_KEY is missing or too short.", hint=hint, id="mingus.E002")]


def field_keys_are_sound(**_: Any) -> list[CheckMessage]:
    """mingus.E003: FIELD_ENCRYPTION_KEYS is missing or malformed."""
    return [
        Error(problem, hint="Make a key with: openssl rand -hex 32", id="mingus.E003") for problem in key_ring.ring_problems()
    ]


def data_keys_can_be_unwrapped(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """mingus.E019: a key was taken out of FIELD_ENCRYPTION_KEYS while data keys are still wrapped under it.

    It looks into the database, so it runs with `serve`, `migrate` and `check --database default`.
    """
    if not databases or connection.vendor != "postgresql" or "core_datakey" not in connection.introspection.table_names():
        return []
    try:
        with rls.as_staff(reason="system check"):
            missing = data_keys.unknown_ring_keys()
    except EncryptionError:
        return []  # mingus.E003 says it
    hint = "Put it back at the end of FIELD_ENCRYPTION_KEYS, run manage.py rotate_field_keys, and take it out after that."
    return [
        Error(f"{count} users' data keys are wrapped under key {key_id}, which is not there.", hint=hint, id="mingus.E019")
        for key_id, count in missing.items()
    ]


def database_is_postgresql(**_: Any) -> list[CheckMessage]:
    """mingus.E004: no database, or one that is not PostgreSQL."""
    if connection.vendor == "postgresql":
        return []
    hint = "Set DATABASE_URL=postgresql://user:password@host/name; make demo and make run bring their own server."
    return [Error("MINGUS runs on PostgreSQL only, and no PostgreSQL is configured.", hint=hint, id="mingus.E004")]


def hosts_are_named(**_: Any) -> list[CheckMessage]:
    """mingus.E005: outside DEBUG, somebody must say under which names the project is reached."""
    if settings.DEBUG or (settings.ALLOWED_HOSTS and settings.SITE_URL):
        return []
    hint = "Set ALLOWED_HOSTS=app.example.com and SITE_URL=https://app.example.com."
    return [Error("ALLOWED_HOSTS or SITE_URL is missing.", hint=hint, id="mingus.E005")]


def site_url_is_a_url(**_: Any) -> list[CheckMessage]:
    """mingus.E006: SITE_URL must be an address a mail can link to."""
    parts = urlsplit(settings.SITE_URL)
    if not settings.SITE_URL or (parts.scheme in {"http", "https"} and parts.netloc):
        return []
    return [Error(f"SITE_URL is not an address: {settings.SITE_URL!r}.", hint="Use https://host.", id="mingus.E006")]


def debug_is_local(**_: Any) -> list[CheckMessage]:
    """mingus.W001: DEBUG with a public address shows tracebacks and uses published secrets."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    if not settings.DEBUG or host in {"localhost", "127.0.0.1", "::1"}:
        return []
    return [Warning(f"DEBUG is on for {host}.", hint="Unset DEBUG and set the secrets of README's table.", id="mingus.W001")]


def rates_are_rates(**_: Any) -> list[CheckMessage]:
    """mingus.E007: a limit that is not a number of times in a unit of time."""
    wrong = [name for name, text in settings.RATES.items() if not RATE.fullmatch(text)]
    hint = "Write a number, a slash and s, m, h or d, such as 600/m."
    return [
        Error(f"RATE_{name.upper()} is not a rate: {settings.RATES[name]!r}.", hint=hint, id="mingus.E007") for name in wrong
    ]


SETTINGS_CHECKS = [
    environment_is_readable,
    secret_key_is_set,
    field_keys_are_sound,
    database_is_postgresql,
    hosts_are_named,
    site_url_is_a_url,
    rates_are_rates,
    debug_is_local,
]
DATABASE_CHECKS = [data_keys_can_be_unwrapped]
