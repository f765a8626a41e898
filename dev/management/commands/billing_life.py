"""`manage.py billing_life` writes docs/billing-life.md: what a customer meets until his subscription ends, from the code."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from tqdm import tqdm

from dev.billing_simulation.docs_page import lived, page
from dev.billing_simulation.scenarios import SCENARIOS


class Command(BaseCommand):
    help = "Write docs/billing-life.md: every scenario of simulate_billing, lived from a fixed day on."

    def handle(self, *args: Any, **options: Any) -> None:
        for scenario in tqdm(SCENARIOS, "Living", unit=" lives", leave=False, disable=None):
            lived(scenario)
        (settings.BASE_DIR / "docs" / "billing-life.md").write_text(page())
        self.stdout.write("docs/billing-life.md is written.")
