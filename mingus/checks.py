"""System checks for misconfiguration, each with an id and a remedy.

They run before every command, including `manage.py serve`, so the server does not start with a wrong configuration.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from billing.stripe.client import longest_call
from core import rls
from core.encryption import data_keys, key_ring
from core.encryption.key_ring import EncryptionError
from mingus.database import DEFAULT_LIMITS

MIN_SECRET_LENGTH = 50
OWNED_TABLES = """
SELECT session_user, count(*) FROM pg_class
 WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
   AND pg_has_role(session_user, relowner, 'MEMBER')
"""
SERVER_BUFFER = 65_536  # bytes of the URL and headers that Granian reads; it refuses more before Django sees the request
REST_OF_HEAD = 1_024  # bytes of a request besides URL, headers and body: the method, the version and separators
MAX_MAILS_PER_DAY = 1_000
MINUTES_OF_A_DAY = 1_440
RATE = re.compile(r"[1-9]\d{0,8}/[smhd]")


def environment_is_readable(**_: Any) -> list[CheckMessage]:
    """Report environment variables with a value of the wrong type (mingus.E001)."""
    return [
        Error(f"The environment variable {name} can't be used: {problem}.", hint="See docs/configuration.md.", id="mingus.E001")
        for name, problem in settings.ENVIRONMENT_PROBLEMS
    ]


def secret_key_is_set(**_: Any) -> list[CheckMessage]:
    """Report a SECRET_KEY that is missing or too short (mingus.E002)."""
    try:
        if len(settings.SECRET_KEY) >= MIN_SECRET_LENGTH:
            return []
    except ImproperlyConfigured:
        pass  # Django raises when an empty key is read; this check reports it with a remedy
    hint = "Set SECRET_KEY or SECRET_KEY_FILE to 50 random characters or more; set DEBUG=1 on a developer's machine."
    return [Error("SECRET_KEY is missing or too short.", hint=hint, id="mingus.E002")]


def field_keys_are_sound(**_: Any) -> list[CheckMessage]:
    """Report FIELD_ENCRYPTION_KEYS that are missing or malformed (mingus.E003)."""
    return [Error(problem, hint="Generate one: openssl rand -hex 32", id="mingus.E003") for problem in key_ring.ring_problems()]


def data_keys_can_be_unwrapped(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """Report a key that was removed from FIELD_ENCRYPTION_KEYS while data keys are wrapped with it (mingus.E019).

    The check queries the database, so it runs with `serve`, `migrate` and `check --database default`.
    """
    if not databases or connection.vendor != "postgresql" or "core_datakey" not in connection.introspection.table_names():
        return []
    try:
        with rls.as_staff(reason="system check"):
            missing = data_keys.unknown_ring_keys()
    except EncryptionError:
        return []  # reported by mingus.E003
    hint = "Add it back at the end of FIELD_ENCRYPTION_KEYS, run manage.py rotate_field_keys, then remove it."
    return [
        Error(f"{count} users' data keys are wrapped with key {key_id}, which is not configured.", hint=hint, id="mingus.E019")
        for key_id, count in missing.items()
    ]


def serving_role_owns_no_table(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """Report a serving role outside DEBUG that owns tables: it could switch off policies and the audit log (mingus.E020).

    It is a check for deployments: it runs with `serve`, `worker` and `check --deploy --database default`.
    """
    if not databases or settings.DEBUG or connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(OWNED_TABLES)
        role, count = cursor.fetchone()
    if not count:
        return []
    hint = (
        "Create another role for serving (tools/create-role.sql), "
        f"set DATABASE_URL to it and DATABASE_OWNER_URL to {role}. See docs/operations.md#database-roles."
    )
    return [Error(f"The serving role {role} owns {count} tables or is a member of their owner.", hint=hint, id="mingus.E020")]


def database_is_postgresql(**_: Any) -> list[CheckMessage]:
    """Report a missing database, or one that is not PostgreSQL (mingus.E004)."""
    if connection.vendor == "postgresql":
        return []
    hint = "Set DATABASE_URL=postgresql://user:password@host/name; make demo and make run start their own server."
    return [Error("MINGUS runs on PostgreSQL only, and no PostgreSQL is configured.", hint=hint, id="mingus.E004")]


def hosts_are_named(**_: Any) -> list[CheckMessage]:
    """Report missing host names outside DEBUG (mingus.E005)."""
    if settings.DEBUG or (settings.ALLOWED_HOSTS and settings.SITE_URL):
        return []
    hint = "Set ALLOWED_HOSTS=app.example.com and SITE_URL=https://app.example.com."
    return [Error("ALLOWED_HOSTS or SITE_URL is missing.", hint=hint, id="mingus.E005")]


def cors_origins_are_safe(**_: Any) -> list[CheckMessage]:
    """Report an origin without encryption outside DEBUG, whose scripts anyone on the way could replace (mingus.E033).

    The checks of django-cors-headers report an origin that is not a scheme and a host.
    """
    wrong = [origin for origin in settings.CORS_ALLOWED_ORIGINS if not settings.DEBUG and not origin.startswith("https://")]
    hint = "Use https://app.example.com."
    return [Error(f"CORS_ALLOWED_ORIGINS has {origin!r}, which is not HTTPS.", hint=hint, id="mingus.E033") for origin in wrong]


def return_urls_are_safe(**_: Any) -> list[CheckMessage]:
    """Report a URL to return to that has no scheme and host, or is HTTP outside DEBUG (mingus.E036)."""
    found = {url: urlsplit(url) for url in settings.RETURN_URLS}
    wrong = [url for url, parts in found.items() if not parts.netloc or (parts.scheme == "http" and not settings.DEBUG)]
    hint = "Use https://app.example.com/billing/ or an app's own scheme, such as mingus://billing/."
    return [Error(f"RETURN_URLS has {url!r}.", hint=hint, id="mingus.E036") for url in wrong]


def web_push_key_is_a_key(**_: Any) -> list[CheckMessage]:
    """Report a key for push notifications that is not 32 bytes in base64url (mingus.E035)."""
    if not settings.WEB_PUSH_PRIVATE_KEY or re.fullmatch(r"[A-Za-z0-9_-]{43}", settings.WEB_PUSH_PRIVATE_KEY):
        return []
    hint = "Create one: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
    return [Error("WEB_PUSH_PRIVATE_KEY is not 32 bytes in base64url.", hint=hint, id="mingus.E035")]


def site_url_is_a_url(**_: Any) -> list[CheckMessage]:
    """Report a SITE_URL that is not an absolute HTTP URL, which links in emails require (mingus.E006)."""
    parts = urlsplit(settings.SITE_URL)
    if not settings.SITE_URL or (parts.scheme in {"http", "https"} and parts.netloc):
        return []
    return [Error(f"SITE_URL is not a URL: {settings.SITE_URL!r}.", hint="Use https://host.", id="mingus.E006")]


def debug_is_local(**_: Any) -> list[CheckMessage]:
    """Warn if DEBUG is on for a public host, which shows tracebacks and uses published secrets (mingus.W001)."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    if not settings.DEBUG or host in {"localhost", "127.0.0.1", "::1"}:
        return []
    return [Warning(f"DEBUG is on for {host}.", hint="Unset DEBUG, and see docs/configuration.md.", id="mingus.W001")]


def rates_are_rates(**_: Any) -> list[CheckMessage]:
    """Report a rate limit that is not a number of requests per unit of time (mingus.E007)."""
    wrong = [name for name, text in settings.RATES.items() if not RATE.fullmatch(text)]
    hint = "Write a number, a slash and s, m, h or d, such as 600/m."
    return [
        Error(f"RATE_{name.upper()} is not a rate: {settings.RATES[name]!r}.", hint=hint, id="mingus.E007") for name in wrong
    ]


def time_limits_fit_together(**_: Any) -> list[CheckMessage]:
    """Report time limits of which one prevents another, or a call of Stripe (mingus.E030)."""
    problems = []
    for work, (prefix, *_defaults) in DEFAULT_LIMITS.items():
        limits = settings.DATABASE_LIMITS[work]
        if 0 < limits["statement_timeout"] <= limits["lock_timeout"]:
            problems.append(f"{prefix}STATEMENT_TIMEOUT must be greater than {prefix}LOCK_TIMEOUT, which ends a statement too.")
        if 0 < limits["idle_in_transaction_session_timeout"] <= longest_call():
            seconds = f"{longest_call()} s, the longest time of a call to Stripe (see STRIPE_TIMEOUT)"
            problems.append(f"{prefix}IDLE_TRANSACTION_TIMEOUT must be greater than {seconds}: a transaction waits for it.")
    return [Error(problem, hint="See docs/configuration.md.", id="mingus.E030") for problem in problems]


def promotion_code_can_be_entered(**_: Any) -> list[CheckMessage]:
    """Report a promotion code for former customers that the checkout has no field for (mingus.E032)."""
    if settings.BILLING_PROMOTION_CODES or not settings.BILLING_WIN_BACK_PROMOTION_CODE:
        return []
    hint = "Set BILLING_PROMOTION_CODES=1, or unset BILLING_WIN_BACK_PROMOTION_CODE."
    return [Error("BILLING_WIN_BACK_PROMOTION_CODE can't be entered in the checkout.", hint=hint, id="mingus.E032")]


def request_limits_fit(**_: Any) -> list[CheckMessage]:
    """Report limits above the server's own, with which a client would get an empty 431 instead of an error (mingus.E024)."""
    most = SERVER_BUFFER - REST_OF_HEAD
    if most >= settings.MAX_URL_BYTES + settings.MAX_HEADER_BYTES:
        return []
    hint = f"Set them to at most {most:,} bytes together."
    return [Error("MAX_URL_BYTES and MAX_HEADER_BYTES exceed what the server reads.", hint=hint, id="mingus.E024")]


def mail_limits_are_sound(**_: Any) -> list[CheckMessage]:
    """Report limits of emails that contradict each other, or that limit nothing (mingus.E021)."""
    few, many, minutes = settings.MAILS_PER_ADDRESS, settings.MAILS_PER_ADDRESS_AND_DAY, settings.MAIL_LIMIT_MINUTES
    if few <= many <= MAX_MAILS_PER_DAY and minutes <= MINUTES_OF_A_DAY:
        return []
    hint = (
        f"Use MAILS_PER_ADDRESS <= MAILS_PER_ADDRESS_AND_DAY <= {MAX_MAILS_PER_DAY}, MAIL_LIMIT_MINUTES <= {MINUTES_OF_A_DAY}."
    )
    return [Error(f"The limits of emails are {few} in {minutes} minutes and {many} a day.", hint=hint, id="mingus.E021")]


def proxies_are_some_addresses(**_: Any) -> list[CheckMessage]:
    """Report TRUSTED_PROXIES that contains every address, so that any client could choose its own (mingus.E031)."""
    if all(network.prefixlen for network in settings.TRUSTED_PROXIES):
        return []
    hint = "List the addresses or networks of your proxies, such as 10.0.0.5 or 172.16.0.0/12."
    return [Error("TRUSTED_PROXIES trusts every address.", hint=hint, id="mingus.E031")]


def webhooks_stay_outside(**_: Any) -> list[CheckMessage]:
    """Report a server outside DEBUG that lets users send requests to private addresses (mingus.E034)."""
    if settings.DEBUG or not settings.WEBHOOKS["allow_private"]:
        return []
    hint = "Unset WEBHOOK_ALLOW_PRIVATE. It is for receivers on a developer's machine."
    return [Error("WEBHOOK_ALLOW_PRIVATE lets users reach this network.", hint=hint, id="mingus.E034")]


SETTINGS_CHECKS = [
    environment_is_readable,
    secret_key_is_set,
    field_keys_are_sound,
    database_is_postgresql,
    hosts_are_named,
    cors_origins_are_safe,
    return_urls_are_safe,
    web_push_key_is_a_key,
    site_url_is_a_url,
    rates_are_rates,
    proxies_are_some_addresses,
    time_limits_fit_together,
    promotion_code_can_be_entered,
    request_limits_fit,
    mail_limits_are_sound,
    webhooks_stay_outside,
    debug_is_local,
]
DATABASE_CHECKS = [data_keys_can_be_unwrapped]
