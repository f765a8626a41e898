"""The command `migrate`, which runs as the owner of the tables and grants the serving role its privileges."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import connection
from django.db.migrations import Migration

from core.rls import checks as rls_checks
from mingus.database import as_owner
from mingus.migration_fingerprints import OTHER_MIGRATIONS, is_made_by_other_migrations, store_fingerprints


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        serving = connection.settings_dict["USER"]
        with as_owner():
            if is_made_by_other_migrations(connection):
                raise CommandError(OTHER_MIGRATIONS)
            super().handle(*args, **options)
            if settings.DATABASE_OWNER:
                rls_checks.grant_serving_role(connection, serving)

    def migration_progress_callback(self, action: str, migration: Migration | None = None, fake: bool = False) -> None:
        # before a migration is applied, so that an interrupted run can be repeated
        if action == "apply_start":
            store_fingerprints(connection)
        super().migration_progress_callback(action, migration, fake)
