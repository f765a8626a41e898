"""`manage.py access_table` writes docs/billing-access.md: what a subscription opens, from the code."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from billing.plan_access_table import table


class Command(BaseCommand):
    help = "Write docs/billing-access.md: every status of a subscription at every edge."

    def handle(self, *args: Any, **options: Any) -> None:
        (settings.BASE_DIR / "docs" / "billing-access.md").write_text(table())
        self.stdout.write("docs/billing-access.md is written.")
