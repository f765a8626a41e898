"""`manage.py drop_everything` is the documented way back to an empty database."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from mingus.database import as_owner


class Command(BaseCommand):
    help = "Drop all tables and all data. Asks for the database's name first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--yes-drop", metavar="NAME", help="the database's name, given instead of typed; needed outside DEBUG"
        )

    def handle(self, *args: Any, yes_drop: str | None, **options: Any) -> None:
        name = str(connection.settings_dict["NAME"])
        if yes_drop is None and not settings.DEBUG:
            raise CommandError(f"Outside DEBUG nobody is asked. If you mean it: manage.py drop_everything --yes-drop {name}")
        given = yes_drop if yes_drop is not None else self._ask(name)
        if given != name:
            raise CommandError(f"Nothing was dropped: the database is called {name}, not {given!r}.")
        drop_schema()
        self.stdout.write(f"{name} is empty now. `manage.py migrate` makes the tables again.")

    def _ask(self, name: str) -> str:
        self.stdout.write(f"This drops every table and all data of {name} on {connection.settings_dict['HOST']}.")
        try:
            return input("Type the database's name to go on: ").strip()
        except EOFError:
            return ""


def drop_schema() -> None:
    """Drop the schema with all that is in it, and make it again, empty, for its present owner."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
