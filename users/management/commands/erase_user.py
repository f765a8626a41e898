"""The command `erase_user`, which erases an account and shows the progress."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from core.errors import DomainError
from users.models import AccountErasure, User
from users.models.erasure import RequestedBy
from users.privacy import erasure as erasures


class Command(BaseCommand):
    help = "Erase an account and all its data. This can't be undone. Run the command again if it was interrupted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the account's email address")
        parser.add_argument("--yes", action="store_true", help="skip the confirmation")

    def handle(self, *args: Any, email: str, yes: bool, **options: Any) -> None:
        user = User.objects.filter(email=User.objects.normalize_email(email)).first()
        if user is None:
            raise CommandError(f"No account has the address {email}.")
        if not yes and input(f"Type {user.email} again to erase the account: ").strip() != user.email:
            raise CommandError("The address is different. Nothing was erased.")
        try:
            erasure = erasures.begin_erasure(user, requested_by=RequestedBy.COMMAND)
        except DomainError as error:
            raise CommandError(error.message) from error
        with tqdm(unit=" rows", disable=not self.stderr.isatty()) as bar:
            erasures.run_erasure(erasure, on_progress=bar.update)
        rows = AccountErasure.objects.get(pk=erasure.pk).rows_deleted
        self.stdout.write(f"Erased: {rows:,} rows deleted. Retained invoices no longer identify the customer.")
