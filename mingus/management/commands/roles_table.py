"""`manage.py roles_table` writes docs/roles.md: who may do what, from the code."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from mingus.roles_table import document


class Command(BaseCommand):
    help = "Write docs/roles.md: every route and page by role."

    def handle(self, *args: Any, **options: Any) -> None:
        (settings.BASE_DIR / "docs" / "roles.md").write_text(document())
        self.stdout.write("docs/roles.md is written.")
