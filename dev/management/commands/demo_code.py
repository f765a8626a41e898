"""`manage.py demo_code`: the authenticator app of the demo's staff members."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dev.demo import users


class Command(BaseCommand):
    help = "Print the two-factor code with which the demo's staff members log in. Each code works once."
    requires_system_checks: tuple[str, ...] = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo's two-factor secret is published. Use it only with DEBUG=1 on a development machine.")
        code, seconds = users.code_now()
        self.stdout.write(f"{code}   valid for {seconds} seconds; secret for an authenticator app: {users.FACTOR_SECRET}")
