"""Database settings from the environment, and connections as the owner of the tables."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dj_database_url
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from core import rls
from core.rls import checks as rls_checks
from mingus.env import Environment

logger = logging.getLogger(__name__)
NO_DATABASE = {"ENGINE": "django.db.backends.dummy"}
REPLICA = "replica"  # the name in `core.postgres.replicas`, which settings can't import
REPLICA_CONNECT_TIMEOUT = 2  # seconds; short, because the primary serves the read if the replica fails
MAX_LIMIT = 86_400  # seconds
# Seconds of a lock, a statement and a transaction that waits for this program, by kind of process (`core.postgres.limits`).
DEFAULT_LIMITS = {
    "request": ("DATABASE_", 5, 15, 90),
    "job": ("DATABASE_JOB_", 10, 600, 600),
    "command": ("DATABASE_COMMAND_", 30, 3600, 3600),
    "migration": ("DATABASE_MIGRATION_", 3, 3600, 600),
}
# Without an answer to these probes or to sent data, a connection is lost: a server that is switched off closes none.
LOST_AFTER = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}
LOGIN_SETTINGS = ("HOST", "PORT", "USER", "PASSWORD", "OPTIONS")


def limits_from(env: Environment, *, is_debug: bool) -> dict[str, dict[str, int]]:
    """Return the time limits of each kind of process; 0, which is no limit, is accepted in development only."""

    def limit(name: str, default: int) -> int:
        return env.number(f"{name}_TIMEOUT", default, at_least=0 if is_debug else 1, at_most=MAX_LIMIT)

    return {
        work: {
            "lock_timeout": limit(f"{prefix}LOCK", lock),
            "statement_timeout": limit(f"{prefix}STATEMENT", statement),
            "idle_in_transaction_session_timeout": limit(f"{prefix}IDLE_TRANSACTION", idle),
        }
        for work, (prefix, lock, statement, idle) in DEFAULT_LIMITS.items()
    }


def database_from(env: Environment) -> dict[str, Any]:
    """Return `DATABASES["default"]` from `DATABASE_URL`; the dummy backend if it is not set."""
    url = env.text("DATABASE_URL")
    return database_config(env, url, "DATABASE_URL") if url else dict(NO_DATABASE)


def replica_from(env: Environment, primary: dict[str, Any], *, has_shared_cache: bool) -> dict[str, Any]:
    """Return the entry of `DATABASES` for the streaming replica `DATABASE_REPLICA_URL`; empty if there is none."""
    url = env.text("DATABASE_REPLICA_URL")
    if not url:
        return {}
    config = database_config(env, url, "DATABASE_REPLICA_URL")
    if config == NO_DATABASE:
        return {}
    if not has_shared_cache:
        remedy = "set REDIS_URL too: processes need it to share the time of each user's last write"
        env.problems.append(("DATABASE_REPLICA_URL", remedy))
        return {}
    # SECURITY: require_row_level_security checks the primary only. A replica has the same roles and policies.
    if any(config[name] != primary.get(name) for name in ("ENGINE", "NAME", "USER")):
        env.problems.append(("DATABASE_REPLICA_URL", "must name the same database and role as DATABASE_URL, on another server"))
        return {}
    options = config["OPTIONS"] | {"connect_timeout": REPLICA_CONNECT_TIMEOUT}
    if "pool" in options:
        options["pool"] = options["pool"] | {"timeout": REPLICA_CONNECT_TIMEOUT}
    return {REPLICA: config | {"ATOMIC_REQUESTS": False, "OPTIONS": options, "TEST": {"MIRROR": "default"}}}


def database_config(env: Environment, url: str, variable: str) -> dict[str, Any]:
    """Return the entry of DATABASES for `url`. A URL that can't be parsed is reported under `variable`."""
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(url))
    except (ValueError, KeyError) as error:
        env.problems.append((variable, f"can't be read: {error}"))
        return dict(NO_DATABASE)
    outer_pooler = env.flag("DATABASE_OUTER_POOLER")
    if config["ENGINE"] == "django.db.backends.postgresql":
        config["ENGINE"] = "core.postgres.backend"
    config |= {
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": outer_pooler,
    }
    config["OPTIONS"] = {**config.get("OPTIONS", {}), **_options(env, outer_pooler=outer_pooler)}
    config["TEST"] = {"NAME": "test_mingus" + env.text("TEST_DATABASE_SUFFIX")}
    return config


def _options(env: Environment, *, outer_pooler: bool) -> dict[str, Any]:
    size = env.number("DATABASE_POOL_MAX", 30)
    options: dict[str, Any] = {"connect_timeout": 10, "application_name": "mingus", **LOST_AFTER}
    if not size:
        return options
    pool = {
        "min_size": min(env.number("DATABASE_POOL_MIN", 10), size),
        "max_size": size,
        "max_lifetime": env.number("DATABASE_POOL_LIFETIME", 3600, at_least=1),
        "timeout": env.number("DATABASE_POOL_TIMEOUT", 10, at_least=1),
    }
    # After each failure to connect the pool waits twice as long. With its five minutes, it would notice minutes too late that
    # the database is back
    pool["reconnect_timeout"] = pool["timeout"]
    return options | {"pool": pool}


def owner_from(env: Environment) -> dict[str, Any]:
    """Return the login of the tables' owner from `DATABASE_OWNER_URL`; empty if the serving role owns the tables."""
    url = env.text("DATABASE_OWNER_URL")
    config = database_config(env, url, "DATABASE_OWNER_URL") if url else {}
    login = {name: config[name] for name in LOGIN_SETTINGS if name in config}
    login.get("OPTIONS", {}).pop("pool", None)
    return login


@contextmanager
def as_owner() -> Iterator[None]:
    """Run a block as the owner of the tables, to create, change and drop them."""
    login = settings.DATABASE_OWNER
    if not login:
        with rls.as_login_role():
            yield
        return
    serving = {name: connection.settings_dict[name] for name in LOGIN_SETTINGS}
    _reconnect(login)
    try:
        with rls.as_login_role():
            yield
    finally:
        _reconnect(serving)


def _reconnect(login: dict[str, Any]) -> None:
    connection.close()
    connection.settings_dict.update(login)


def require_row_level_security() -> None:
    """Raise ImproperlyConfigured with remedies if row-level security is not enforced. Under DEBUG, log warnings instead."""
    try:
        with rls.as_login_role():
            problems = rls_checks.find_problems(connection)
    finally:
        connection.close()
    if problems and not settings.DEBUG:
        raise ImproperlyConfigured("\n".join(problems))
    for problem in problems:
        logger.warning(problem)
