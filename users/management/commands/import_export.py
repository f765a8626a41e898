"""`manage.py import_export <e-mail> <zip>`: an operator brings an export back, with what the service itself had recorded."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import DomainError
from core.privacy.declarations import Restore
from users.models import User
from users.privacy.restore import restore


class Command(BaseCommand):
    help = "Bring an export into an empty account: also subscriptions, invoices and alerts, which the API leaves out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the empty account's e-mail address")
        parser.add_argument("zip", type=Path, help="the export as it was downloaded")

    def handle(self, *args: Any, email: str, zip: Path, **options: Any) -> None:
        user = User.objects.filter(email=User.objects.normalize_email(email)).first()
        if user is None:
            raise CommandError(f"Nobody has the address {email}.")
        try:
            with zip.open("rb") as file:
                counts = restore(user, file, by=Restore.OPERATOR)
        except (OSError, DomainError) as error:
            raise CommandError(str(error)) from error
        for name, rows in counts.items():
            if rows:
                self.stdout.write(f"{rows:>10,} {name}")
