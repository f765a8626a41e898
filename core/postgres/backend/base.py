"""Django's PostgreSQL backend, with time limits, cheap savepoints, and a pool that checks connections without a query.

A server that goes away closes the connection, which the client's socket shows. Django's own check is a query each time that a
connection is taken, which is a tenth of the time of a list request.

A commit and the statements of a savepoint are sent by libpq. A cursor would take three times as long.
"""

from select import POLLIN, poll
from typing import Any

import psycopg
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg_pool import ConnectionPool

from core.postgres import limits


class DatabaseWrapper(base.DatabaseWrapper):
    _connection_pools: "dict[str, ConnectionPool[Any]]"  # Django's own, which its annotations leave out
    _configure_connection: Any

    def get_connection_params(self) -> dict[str, Any]:
        """Return psycopg's parameters with the limits of this process, before `options` of the URL, which override them."""
        parameters: dict[str, Any] = super().get_connection_params()
        if self.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:  # a pooler would refuse options
            return parameters
        own = "".join(f"-c {name}={seconds}s " for name, seconds in limits.of_process().items())
        return parameters | {"options": own + parameters.get("options", "")}

    @property
    def pool(self) -> "ConnectionPool[Any] | None":
        """The pool of this process for the alias; None without `OPTIONS["pool"]`."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        if self.alias not in self._connection_pools:
            parameters = self.get_connection_params() | {"autocommit": True}
            pool: ConnectionPool[Any] = ConnectionPool(
                kwargs=parameters, open=False, configure=self._configure_connection, check=check, **options
            )
            self._connection_pools.setdefault(self.alias, pool)
        return self._connection_pools[self.alias]

    def _commit(self) -> None:
        if not self._send_in_transaction("COMMIT"):
            super()._commit()  # type: ignore[misc]  # the stubs leave out private methods

    def _savepoint(self, sid: str) -> None:
        if not self._send_in_transaction(self.ops.savepoint_create_sql(sid)):
            super()._savepoint(sid)  # type: ignore[misc]  # as above

    def _savepoint_commit(self, sid: str) -> None:
        if not self._send_in_transaction(self.ops.savepoint_commit_sql(sid)):
            super()._savepoint_commit(sid)  # type: ignore[misc]  # as above

    def _send_in_transaction(self, statement: str) -> bool:
        """Send a statement without rows. Return False if Django must: outside of a transaction, or if it logs statements."""
        raw: psycopg.Connection[Any] | None = self.connection
        if raw is None or self.queries_logged or raw.info.transaction_status != TransactionStatus.INTRANS:
            return False
        with self.wrap_database_errors:
            result = raw.pgconn.exec_(statement.encode())
            if raw.closed:
                raise psycopg.OperationalError(result.get_error_message(raw.info.encoding))
            if result.status != ExecStatus.COMMAND_OK:
                raise error_from_result(result, encoding=raw.info.encoding)
        return True


def check(raw: "psycopg.Connection[Any]") -> None:
    """Raise psycopg.OperationalError for a lost connection, and let its pool replace the others, which are probably lost too.

    A socket without data to read is alive. Data may be the end of the connection or a notice, so then a query decides. The pool
    by itself would wait 0, 1, 2, 4, … seconds after each lost connection, so that a request would fail after a restart.
    """
    watched = poll()
    watched.register(raw.fileno(), POLLIN)
    if watched.poll(0):
        try:
            ConnectionPool.check_connection(raw)
        except psycopg.OperationalError:
            if isinstance(raw._pool, ConnectionPool):
                raw._pool.drain()
            raise
