"""The servers of the other frameworks, each as its documentation recommends for production."""

import os
import sys
from collections.abc import Sequence

from benchmarks.servers.processes import Command

PEERS = "benchmarks.servers.peers"
# of an asynchronous process, so that it can wait for the database and work at the same time
CONNECTIONS = 4
LIMIT_NAME, BOLT, LITESTAR, FAST_GRANIAN, FAST_UVICORN, NINJA, DRF = NAMES = (
    "bare WSGI, psycopg, orjson, granian",
    "django-bolt",
    "Litestar, SQLAlchemy, granian",
    "FastAPI, SQLAlchemy, granian",
    "FastAPI, SQLAlchemy, uvicorn",
    "django-ninja, tuned, granian",
    "stock DRF, gunicorn",
)


def commands(workers: int, database_url: str) -> dict[str, Sequence[Command]]:
    """Return the contenders by name. The first is the limit."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": f"{PEERS}.settings",
        "BENCH_CONNECTIONS": str(CONNECTIONS),
    }

    def granian(interface: str, application: str, **variables: str) -> list[Command]:
        threads = ["--blocking-threads", "1"] if interface == "wsgi" else ["--loop", "uvloop"]
        size = ["--host", "127.0.0.1", "--port", "{port}", "--workers", str(workers), *threads]
        arguments = [sys.executable, "-m", "granian", "--interface", interface, *size, "--log-level", "warning", "--no-ws"]
        return [Command([*arguments, f"{PEERS}.{application}"], environment | variables)]

    def module(*arguments: str, **variables: str) -> list[Command]:
        return [Command([sys.executable, "-m", *arguments], environment | variables)]

    ninja, drf = ({"BENCH_URLCONF": f"{PEERS}.{name}"} for name in ("ninja_api", "drf_api"))
    address, count = ("--host", "127.0.0.1", "--port", "{port}"), str(workers)
    uvicorn = ("uvicorn", *address, "--workers", count, "--log-level", "warning", "--no-access-log")
    gunicorn = ("gunicorn", "--bind", "127.0.0.1:{port}", "--workers", count, "--log-level", "warning")
    return {
        LIMIT_NAME: granian("wsgi", "bare_wsgi:application"),
        BOLT: module("django", "runbolt", *address, "--processes", count, "--no-admin"),
        LITESTAR: granian("asgi", "asgi:star"),
        FAST_GRANIAN: granian("asgi", "asgi:fast"),
        FAST_UVICORN: module(*uvicorn, f"{PEERS}.asgi:fast"),
        NINJA: granian("wsgi", "wsgi:application", **ninja),
        DRF: module(*gunicorn, f"{PEERS}.wsgi:application", **drf),
    }
