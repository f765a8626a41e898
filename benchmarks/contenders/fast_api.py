"""FastAPI with SQLAlchemy's ORM (`benchmarks.servers.peers.fast_api`) in this process, on asyncpg or psycopg.

It has uvloop and, like MINGUS here, one connection.
"""

from collections.abc import Callable

import uvloop
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.contenders.calls import AsgiContender
from benchmarks.production import connection_parameters
from benchmarks.servers.peers.fast_api import application


def database_url(driver: str) -> URL:
    """Return the URL of the benchmark database for a driver of SQLAlchemy."""
    found = connection_parameters()
    # only in the query can `host` be the folder of a socket
    server = {name: str(found[name]) for name in ("host", "port") if found.get(name)}
    return URL.create(f"postgresql+{driver}", found.get("user"), found.get("password"), database=found["dbname"], query=server)


def _contender(driver: str) -> Callable[[], AsgiContender]:
    def contender() -> AsgiContender:
        engine = create_async_engine(database_url(driver), pool_size=1, max_overflow=0)
        return AsgiContender(f"FastAPI, SQLAlchemy ORM, {driver}", application(engine), uvloop.new_event_loop())

    return contender


on_asyncpg, on_psycopg = _contender("asyncpg"), _contender("psycopg")
