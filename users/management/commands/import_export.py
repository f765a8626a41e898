"""The command `import_export`, which imports an export together with the records of the service."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import DomainError
from core.privacy.declarations import Restore
from users.models import User
from users.privacy.restore import restore


class Command(BaseCommand):
    help = "Import an export into an empty account, including subscriptions, invoices and alerts, which the API omits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the empty account's email address")
        parser.add_argument("zip", type=Path, help="the ZIP file of the export, as it was downloaded")

    def handle(self, *args: Any, email: str, zip: Path, **options: Any) -> None:
        user = User.objects.filter(email=User.objects.normalize_email(email)).first()
        if user is None:
            raise CommandError(f"No account has the address {email}.")
        try:
            with zip.open("rb") as file:
                counts = restore(user, file, by=Restore.OPERATOR)
        except (OSError, DomainError) as error:
            raise CommandError(str(error)) from error
        for name, rows in counts.items():
            if rows:
                self.stdout.write(f"{rows:>10,} {name}")
