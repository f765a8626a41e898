"""`manage.py erase_user <e-mail>`: an operator erases an account now, and sees how far it is."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from core.errors import DomainError
from users.models import AccountErasure, User
from users.models.erasure import AskedBy
from users.privacy import erasure as erasures


class Command(BaseCommand):
    help = "Erase an account and everything in it. Nobody can bring it back. Run it again if it was interrupted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the account's e-mail address")
        parser.add_argument("--yes", action="store_true", help="do not ask for the address once more")

    def handle(self, *args: Any, email: str, yes: bool, **options: Any) -> None:
        user = User.objects.filter(email=User.objects.normalize_email(email)).first()
        if user is None:
            raise CommandError(f"Nobody has the address {email}.")
        if not yes and input(f"Type {user.email} once more to erase everything of it: ").strip() != user.email:
            raise CommandError("That is another address. Nothing was erased.")
        try:
            erasure = erasures.begin_erasure(user, asked_by=AskedBy.COMMAND)
        except DomainError as error:
            raise CommandError(error.message) from error
        with tqdm(unit=" rows", disable=not self.stderr.isatty()) as bar:
            erasures.run_erasure(erasure, on_progress=bar.update)
        rows = AccountErasure.objects.get(pk=erasure.pk).rows_deleted
        self.stdout.write(f"Erased: {rows:,} rows deleted. What the books need no longer refers to anybody.")
