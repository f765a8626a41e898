"""The command `migrate`, which runs as the owner of the tables and grants the serving role its privileges.

A migration that waits for a lock stops every request that needs the table, because they wait behind it. So it waits only for
DATABASE_MIGRATION_LOCK_TIMEOUT, is rolled back, and is tried again after a growing pause in which the requests run.
"""

import time
from itertools import count
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError, connection
from django.db.migrations import Migration

from core.postgres.failures import CONFLICT, LOCK_TIMEOUT, failure_of
from core.rls import checks as rls_checks
from mingus.database import as_owner
from mingus.migration_fingerprints import OTHER_MIGRATIONS, is_made_by_other_migrations, store_fingerprints

MAX_PAUSE = 30.0  # seconds
# Tables are locked by sessions of every role, and each session may read this view. Autovacuum has no user; PostgreSQL itself
# cancels it when a migration waits for its lock.
LOCK_HOLDERS = """
SELECT DISTINCT format('%%s (%%s, %%s)', pid, usename, coalesce(nullif(application_name, ''), 'unnamed program'))
  FROM pg_locks JOIN pg_stat_activity USING (pid)
 WHERE granted AND relation IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
   AND pg_stat_activity.datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL
"""


class Command(Migrate):
    has_stored_fingerprints = False
    running: Migration | None = None

    def handle(self, *args: Any, **options: Any) -> None:
        serving = connection.settings_dict["USER"]
        with as_owner():
            if is_made_by_other_migrations(connection):
                raise CommandError(OTHER_MIGRATIONS)
            self._migrate_with_retries(*args, **options)
            if settings.DATABASE_OWNER:
                rls_checks.grant_serving_role(connection, serving)

    def migration_progress_callback(self, action: str, migration: Migration | None = None, fake: bool = False) -> None:
        # before the first migration is applied, so that an interrupted run can be repeated
        if action == "apply_start" and not self.has_stored_fingerprints:
            store_fingerprints(connection)
            self.has_stored_fingerprints = True
        if action in ("apply_start", "unapply_start"):
            self.running = migration
        elif action in ("apply_success", "unapply_success"):
            self.running = None
        super().migration_progress_callback(action, migration, fake)

    def _migrate_with_retries(self, *args: Any, **options: Any) -> None:
        for attempt in count():
            self.running = None
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if failure_of(error) not in (LOCK_TIMEOUT, CONFLICT):
                    raise
                self._prepare_retry(attempt, error)
            else:
                return

    def _prepare_retry(self, attempt: int, error: OperationalError) -> None:
        """Wait before the next attempt, or raise CommandError if there is none."""
        name = str(self.running or "The work after the migrations")
        with connection.cursor() as cursor:
            cursor.execute(LOCK_HOLDERS, [])
            holders = ", ".join(holder for (holder,) in cursor.fetchall()) or "none any more"
        problem = f"{name} could not lock a table: {error}".strip() + f"\nSessions with locks: {holders}."
        if self.running and not self.running.atomic:
            raise CommandError(
                f"{problem}\nThis migration is not atomic, so a part of it may be applied. Check before a retry."
            )
        if attempt == settings.DATABASE_MIGRATION_RETRIES:
            remedy = (
                "It was rolled back. Earlier migrations stay applied. End these sessions, or run migrate again at a quiet time."
            )
            raise CommandError(f"{problem}\n{remedy} See docs/operations.md, Time limits of the database.")
        pause = min(2.0**attempt, MAX_PAUSE)
        self.stderr.write(f"{problem}\nIt was rolled back and is tried again in {pause:g} s.")
        time.sleep(pause)
