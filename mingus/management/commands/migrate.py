"""`manage.py migrate` works as the tables' owner, and lets the role that serves in."""

from typing import Any

from django.conf import settings
from django.core.management.commands.migrate import Command as Migrate
from django.db import connection

from core.rls import checks as rls_checks
from mingus.database import as_owner


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        serving = connection.settings_dict["USER"]
        with as_owner():
            super().handle(*args, **options)
            if settings.DATABASE_OWNER:
                rls_checks.grant_serving_role(connection, serving)
