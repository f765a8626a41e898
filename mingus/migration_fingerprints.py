"""Fingerprints of the migrations that created a database.

Until 0.1.0 is released, `0001_initial.py` is edited in place, so its name does not identify its contents. `migrate` stores
the fingerprint of each migration in the comment of the table `django_migrations`. Every role can read the comment, a dump
contains it, and it is dropped with the table.
"""

import inspect
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

OTHER_MIGRATIONS = (
    "This database was created by other migrations. Start with an empty one (`make clean`, or `manage.py drop_everything`). "
    "To keep the data, export each account with the version that created the database, and import the files into the new "
    "one (docs/privacy.md)."
)
READ = "SELECT obj_description(to_regclass('django_migrations'), 'pg_class')"


def is_made_by_other_migrations(connection: BaseDatabaseWrapper) -> bool:
    """Return True if a migration of this project that was applied to the database has changed or no longer exists."""
    with connection.cursor() as cursor:
        cursor.execute(READ)
        stored = (cursor.fetchone()[0] or "").splitlines()
    present = fingerprints()
    labels = {app_label for app_label, _ in present}
    applied = [key for key in MigrationRecorder(connection).applied_migrations() if key[0] in labels]
    return any(key not in present or _line(key, present[key]) not in stored for key in applied)


def store_fingerprints(connection: BaseDatabaseWrapper) -> None:
    """Store the fingerprints in the database. This requires the owner of its tables."""
    lines = [_line(key, fingerprint) for key, fingerprint in sorted(fingerprints().items())]
    with connection.cursor() as cursor:
        cursor.execute("COMMENT ON TABLE django_migrations IS %s", ["\n".join(lines)])


def fingerprints() -> dict[tuple[str, str], str]:
    """Return the fingerprint of each migration of this repository, by app and name."""
    found = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    files = {key: Path(inspect.getfile(type(migration))) for key, migration in found.items()}
    return {key: _fingerprint(found[key]) for key, file in files.items() if file.parents[2] == settings.BASE_DIR}


def _fingerprint(migration: Migration) -> str:
    """Return the hash of a migration's file and of the SQL that its operations load from other files."""
    operations: Any = migration.operations
    statements = [str(operation.sql) for operation in operations if hasattr(operation, "sql")]
    triggers = [operation.trigger.install_sql for operation in operations if hasattr(operation, "trigger")]
    source = Path(inspect.getfile(type(migration))).read_text()
    return sha256(repr([source, statements, triggers]).encode()).hexdigest()[:16]


def _line(key: tuple[str, str], fingerprint: str) -> str:
    return f"{'.'.join(key)} {fingerprint}"
