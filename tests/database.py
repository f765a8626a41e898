"""The test databases: copied from a migrated template, and restored after each test that commits.

The template is migrated once for each state of the migrations and stays on the server between runs. A run without new
migrations applies none. The template's name ends in a digest of everything that decides its content.

Workers of one run take turns by an advisory lock on the server, which ends with its connection. A template gets its final
name when it is complete. The next run drops an incomplete one. Django's own setup then creates each worker's copy
(`TEST["TEMPLATE"]`) and runs `migrate` on it, which finds nothing to apply.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from psycopg import sql

ROOT = Path(__file__).parent.parent
# the migrations, the modules that they import, and the versions of the libraries that bring migrations
SOURCES = ("*/migrations/**/*", "*/models/**/*", "core/**/*", "billing/catalog.py", "uv.lock")  # models have triggers
LOCK = 7_464_747  # key of the advisory lock on the maintenance database; no other program uses it
STATE = """
SELECT to_char(now(), 'YYYY-MM'), array(SELECT datname::text FROM pg_database WHERE starts_with(datname, %s))
"""
DROP, RENAME = sql.SQL("DROP DATABASE {} WITH (FORCE)"), sql.SQL("ALTER DATABASE {} RENAME TO {}")
AUDIT_LOG = {"system_auditblock", "system_auditevent", "system_auditsignature"}
# Django's tables and those of the job queue, which Django does not manage; a partition is emptied with its table
TABLES = """
SELECT relname FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'django_migrations'
"""
# runs last, because it records the truncation of the other tables; only the owner can disable the guards of its partitions
EMPTY_AUDIT_LOG = """
DO $$
DECLARE guarded regclass[] := array(SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = 'guard_truncate'); one regclass;
BEGIN
    FOREACH one IN ARRAY guarded LOOP EXECUTE format('ALTER TABLE %s DISABLE TRIGGER guard_truncate', one); END LOOP;
    TRUNCATE system_auditblock, system_auditevent, system_auditsignature;
    FOREACH one IN ARRAY guarded LOOP EXECUTE format('ALTER TABLE %s ENABLE TRIGGER guard_truncate', one); END LOOP;
END $$
"""
END = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
 WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
"""
TRUNCATE = sql.SQL("TRUNCATE {} {}")
KEYS = """
SELECT confrelid::regclass::text, conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND conrelid <> confrelid
"""
FORCED = "SELECT relname FROM pg_class WHERE relforcerowsecurity"
# A table has no page before its first row; rows of a transaction that was rolled back leave pages
USED = """
SELECT name FROM unnest(%s::text[]) AS name
 WHERE pg_relation_size(name::regclass) > 0
    OR EXISTS (SELECT FROM pg_partition_tree(name::regclass) WHERE pg_relation_size(relid) > 0)
"""
DELETE = """
ALTER TABLE {0} NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER USER;
DELETE FROM {0};
ALTER TABLE {0} {1} ROW LEVEL SECURITY, ENABLE TRIGGER USER
"""


def ensure_template(connection: BaseDatabaseWrapper, family: str) -> str:
    """Return the name of the template. Build it if the server has none, and drop the family's outdated ones."""
    unfinished = f"{family}_unfinished"
    with _maintenance(connection) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        [(month, found)] = server.execute(STATE, [family])
        name = f"{family}_{fingerprint(month)}"
        if name in found:
            return name
        for outdated in found:
            server.execute(DROP.format(sql.Identifier(outdated)))
        _migrate(connection, unfinished)
        server.execute(RENAME.format(sql.Identifier(unfinished), sql.Identifier(name)))
    return name


def fingerprint(month: str) -> str:
    """Return a digest of the migrations and of the server's month: migrations create the partitions of the next months."""
    digest = hashlib.sha256(month.encode())
    for path in sorted(path for pattern in SOURCES for path in ROOT.glob(pattern) if path.is_file()):
        if path.suffix != ".pyc":
            digest.update(f"{path.relative_to(ROOT)} {path.stat().st_size} ".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _maintenance(connection: BaseDatabaseWrapper) -> psycopg.Connection:
    """Return a separate connection to the server's maintenance database, which is neither created nor copied here."""
    parameters = connection.get_connection_params()
    login = {name: parameters[name] for name in ("host", "port", "user", "password") if name in parameters}
    return psycopg.connect(**login, dbname="postgres", autocommit=True)


def _migrate(connection: BaseDatabaseWrapper, name: str) -> None:
    """Create a database with all migrations applied, and leave the connection as it was."""
    test, serving = connection.settings_dict["TEST"], connection.settings_dict["NAME"]
    of_worker = test["NAME"]
    test["NAME"] = name
    try:
        connection.creation.create_test_db(verbosity=0, serialize=False)
    finally:
        connection.close()
        test["NAME"] = of_worker
        connection.settings_dict["NAME"] = settings.DATABASES[connection.alias]["NAME"] = serving


class Baseline:
    """The rows that the migrations created, restored after a test without a transaction around it.

    Django's `flush` takes four times as long and leaves other rows for the second test than for the first.
    """

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        with connection.cursor() as cursor:
            cursor.execute(TABLES)
            tables = [name for (name,) in cursor.fetchall()]
            digests = {table: _digest(cursor, table) for table in tables}
            self.digests = {table: found for table, found in digests.items() if found}
            self.rows = {table: _copied(cursor, table) for table in self.digests}
            cursor.execute(FORCED)
            self.forced = {name for (name,) in cursor.fetchall()}
            cursor.execute(KEYS)
            self.users: dict[str, set[str]] = defaultdict(set)
            for table, user in cursor.fetchall():
                self.users[table].add(user)
        self.empty = sorted(set(tables) - set(self.digests) - AUDIT_LOG)

    def restore(self) -> None:
        """Empty the tables that a test may have filled, and reload those with rows of the migrations if they changed."""
        with transaction.atomic(), self.connection.cursor() as cursor:
            # a test may have set a short limit, and the server ends a session a moment after its client has closed it
            cursor.execute("SET LOCAL lock_timeout = '10s'")
            if {table: _digest(cursor, table) for table in self.digests} != self.digests:
                cursor.execute(TRUNCATE.format(_listed(self.digests), sql.SQL("CASCADE")))
                for table, rows in self.rows.items():
                    with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                        copy.write(rows)
            self._empty(cursor)
            cursor.execute(EMPTY_AUDIT_LOG)

    def _empty(self, cursor: CursorWrapper) -> None:
        """Empty the tables that have rows.

        PostgreSQL truncates a table only with all that refer to it. Most tables refer to a user, and truncating them takes five
        times as long as deleting the few rows of a test. So rows are deleted from a table that an unused table refers to.
        """
        cursor.execute(USED, [self.empty])
        truncated, deleted = {name for (name,) in cursor.fetchall()}, []
        while kept := [name for name in truncated if self.users[name] - truncated]:
            truncated -= set(kept)
            deleted += kept
        if truncated:
            cursor.execute(TRUNCATE.format(_listed(truncated), sql.SQL("")))
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in sorted(deleted, key=lambda name: len(self._referring(name))):
            force = sql.SQL("FORCE" if name in self.forced else "NO FORCE")
            cursor.execute(sql.SQL(DELETE).format(sql.Identifier(name), force))

    def _referring(self, name: str) -> set[str]:
        """Return the tables that refer to a table, directly or through others."""
        found, last = self.users[name], 0
        while len(found) > last:
            last, found = len(found), found.union(*(self.users[other] for other in found))
        return found


def end_other_sessions(connection: BaseDatabaseWrapper) -> None:
    """End sessions that would keep the database from being dropped, such as that of the job workers' thread."""
    with connection.cursor() as cursor:
        cursor.execute(END)


def _digest(cursor: CursorWrapper, table: str) -> str | None:
    """Return a digest of a table's rows, or None if it is empty."""
    cursor.execute(
        sql.SQL("SELECT md5(string_agg(row::text, '' ORDER BY row::text)) FROM {} AS row").format(sql.Identifier(table))
    )
    return cursor.fetchone()[0]


def _copied(cursor: CursorWrapper, table: str) -> bytes:
    with cursor.copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
        return b"".join(bytes(piece) for piece in copy)


def _listed(tables: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, tables))
