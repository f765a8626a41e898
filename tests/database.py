"""The template of the test databases: migrated once for each state of the migrations and copied by every worker.

It stays on the server between runs, so that a run without new migrations applies none. Its name ends in a digest of everything
that decides its content.

Workers of one run agree by an advisory lock on the server, which ends with its connection. A template gets its name only when
it is whole: one that was interrupted is dropped by the next run. Django's own set-up then makes each worker's copy
(`TEST["TEMPLATE"]`) and runs `migrate` on it, which finds nothing to apply.
"""

import hashlib
from pathlib import Path

import psycopg
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

ROOT = Path(__file__).parent.parent
# what the migrations are, what they are made of, and the versions of those of libraries
SOURCES = ("*/migrations/*", "core/**/*", "billing/catalog.py", "uv.lock")
LOCK = 7_464_747  # of advisory locks on the maintenance database; no other program has this number
STATE = """
SELECT to_char(now(), 'YYYY-MM'), array(SELECT datname::text FROM pg_database WHERE starts_with(datname, %s))
"""
DROP, RENAME = sql.SQL("DROP DATABASE {} WITH (FORCE)"), sql.SQL("ALTER DATABASE {} RENAME TO {}")


def ensure_template(connection: BaseDatabaseWrapper, family: str) -> str:
    """Return the name of the template, built now unless the server has it; the family's outdated ones are dropped."""
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
    """Return a digest of the migrations and of the server's month: migrations make the partitions of the months to come."""
    digest = hashlib.sha256(month.encode())
    for path in sorted(path for pattern in SOURCES for path in ROOT.glob(pattern) if path.is_file()):
        if path.suffix != ".pyc":
            digest.update(f"{path.relative_to(ROOT)} {path.stat().st_size} ".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _maintenance(connection: BaseDatabaseWrapper) -> psycopg.Connection:
    """Return a connection of its own to the same server, outside of the databases that are made and copied."""
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
