"""Turns the environment into Django's description of the one PostgreSQL database."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dj_database_url
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from mingus import devdb
from mingus.env import Environment
from mingus.kit import rls, walls

logger = logging.getLogger(__name__)
NO_DATABASE = {"ENGINE": "django.db.backends.dummy"}
OF_A_LOGIN = ("HOST", "PORT", "USER", "PASSWORD", "OPTIONS")


def database_from(env: Environment, *, debug: bool, folder: Path) -> dict[str, Any]:
    """`DATABASES["default"]`: `DATABASE_URL` where it is set, the embedded server in `folder` under DEBUG, else nothing."""
    url = env.text("DATABASE_URL")
    if not url and not debug:
        return dict(NO_DATABASE)
    return _described(env, url or devdb.ensure_running(folder))


def _described(env: Environment, url: str) -> dict[str, Any]:
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(url))
    except (ValueError, KeyError) as error:
        env.problems.append(("DATABASE_URL", f"can't be read: {error}"))
        return dict(NO_DATABASE)
    outer_pooler = env.flag("DATABASE_OUTER_POOLER")
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
    options: dict[str, Any] = {"connect_timeout": 10, "application_name": "mingus"}
    if not size:
        return options
    pool = {
        "min_size": min(env.number("DATABASE_POOL_MIN", 10), size),
        "max_size": size,
        "max_lifetime": env.number("DATABASE_POOL_LIFETIME", 3600, at_least=1),
        "timeout": env.number("DATABASE_POOL_TIMEOUT", 10, at_least=1),
    }
    return options | {"pool": pool}


def owner_from(env: Environment) -> dict[str, Any]:
    """How the tables' owner logs in, from `DATABASE_OWNER_URL`; empty where the role that serves owns them too."""
    url = env.text("DATABASE_OWNER_URL")
    described = _described(env, url) if url else {}
    login = {name: described[name] for name in OF_A_LOGIN if name in described}
    login.get("OPTIONS", {}).pop("pool", None)
    return login


@contextmanager
def as_owner() -> Iterator[None]:
    """Run a block as the tables' owner, to make, change and drop them."""
    login = settings.DATABASE_OWNER
    if not login:
        with rls.nobody():
            yield
        return
    serving = {name: connection.settings_dict[name] for name in OF_A_LOGIN}
    _log_in_anew(login)
    try:
        with rls.nobody():
            yield
    finally:
        _log_in_anew(serving)


def _log_in_anew(login: dict[str, Any]) -> None:
    connection.close()
    connection.settings_dict.update(login)


def require_walls() -> None:
    """Raise ImproperlyConfigured, with the remedies, when the database would show one user another's rows; warn under DEBUG."""
    try:
        with rls.nobody():
            problems = walls.problems(connection)
    finally:
        connection.close()
    if problems and not settings.DEBUG:
        raise ImproperlyConfigured("\n".join(problems))
    for problem in problems:
        logger.warning(problem)
