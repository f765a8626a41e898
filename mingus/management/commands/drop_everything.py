"""The command `drop_everything`, which empties the database."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from mingus.database import as_owner


class Command(BaseCommand):
    help = "Drop all tables and all data, after a confirmation with the database's name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--yes-drop", metavar="NAME", help="confirm with the database's name instead of a prompt; required outside DEBUG"
        )

    def handle(self, *args: Any, yes_drop: str | None, **options: Any) -> None:
        name = str(connection.settings_dict["NAME"])
        if yes_drop is None and not settings.DEBUG:
            raise CommandError(f"To confirm outside DEBUG, run: manage.py drop_everything --yes-drop {name}")
        given = yes_drop if yes_drop is not None else self._prompt(name)
        if given != name:
            raise CommandError(f"Nothing was dropped: the database is called {name}, not {given!r}.")
        try:
            drop_schema()
        except OperationalError as error:  # such as a lock timeout
            remedy = "Stop servers and workers, and end other sessions."
            raise CommandError(f"Nothing was dropped: {str(error).splitlines()[0]}. {remedy}") from error
        self.stdout.write(f"{name} is empty now. `manage.py migrate` creates the tables again.")

    def _prompt(self, name: str) -> str:
        self.stdout.write(f"This drops every table and all data of {name} on {connection.settings_dict['HOST']}.")
        try:
            return input("Type the database's name to continue: ").strip()
        except EOFError:
            return ""


def drop_schema() -> None:
    """Drop the schema with all its objects and create an empty one, as the owner of the tables."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
