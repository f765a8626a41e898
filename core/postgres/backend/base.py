"""Django's PostgreSQL backend, with a pool that looks at a connection before it asks the server about it.

A server that goes away closes the connection, which can be seen on this side. Django's own check asks the server each time
that a connection is taken, which would be a tenth of the work for a list.
"""

from select import POLLIN, poll
from typing import Any

import psycopg
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    _connection_pools: "dict[str, ConnectionPool[Any]]"  # Django's own, which its annotations leave out
    _configure_connection: Any

    @property
    def pool(self) -> "ConnectionPool[Any] | None":
        """The pool of this process for the alias; None where there is none by `OPTIONS["pool"]`."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        if self.alias not in self._connection_pools:
            parameters = self.get_connection_params() | {"autocommit": True}
            made: ConnectionPool[Any] = ConnectionPool(
                kwargs=parameters, open=False, configure=self._configure_connection, check=check, **options
            )
            self._connection_pools.setdefault(self.alias, made)
        return self._connection_pools[self.alias]


def check(raw: "psycopg.Connection[Any]") -> None:
    """Raise psycopg.OperationalError for a connection that is dead.

    One that has nothing to tell is alive. What it tells may be its end, or a notice: then the server is asked.
    """
    watched = poll()
    watched.register(raw.fileno(), POLLIN)
    if watched.poll(0):
        ConnectionPool.check_connection(raw)
