"""`manage.py demo_code` is the authenticator app of the demo's colleagues, for who has no phone at hand."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dev.demo import users


class Command(BaseCommand):
    help = "Show the code that the back office asks the demo's colleagues for. It works once."
    requires_system_checks: tuple[str, ...] = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo's second factor is published, so it exists with DEBUG=1 only.")
        code, seconds = users.code_now()
        self.stdout.write(f"{code}   for {seconds} seconds more; secret of your own app: {users.FACTOR_SECRET}")
