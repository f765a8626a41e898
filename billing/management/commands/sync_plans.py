"""`manage.py sync_plans`, which creates and updates the plans' products and prices at Stripe."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import services
from core.errors import DomainError


class Command(BaseCommand):
    help = "Create and update products and prices at Stripe for the plans. Lists the steps first. Idempotent."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only list the steps")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        try:
            services.win_back_offer()  # raises an error if customers could not use its promotion code
            steps = list(services.catalog_sync_steps())
            for step in steps:
                self.stdout.write(f"- {step.sentence}")
            if not steps:
                self.stdout.write("Products and prices at Stripe are up to date.")
            for step in [] if dry_run else steps:
                step.apply()
        except DomainError as error:
            raise CommandError(error.message) from error
        if steps:
            self.stdout.write("Nothing was changed." if dry_run else f"Done: {len(steps)} steps.")
