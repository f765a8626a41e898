"""`manage.py sync_plans` has Stripe sell what is offered here."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import services
from core.errors import DomainError


class Command(BaseCommand):
    help = "Bring products and prices at Stripe in line with the plans here. Shows what it will do first; twice does no harm."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only show what would be done")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        try:
            steps = list(services.catalog_sync_steps())
            for step in steps:
                self.stdout.write(f"- {step.sentence}")
            if not steps:
                self.stdout.write("Stripe sells what is offered here. There is nothing to do.")
            for step in [] if dry_run else steps:
                step.apply()
        except DomainError as error:
            raise CommandError(error.message) from error
        if steps:
            self.stdout.write("Nothing was changed." if dry_run else f"Done: {len(steps)} steps.")
