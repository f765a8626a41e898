"""The command `rotate_field_keys`, which encrypts values with the current keys, so that former keys can be removed."""

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from core.encryption.rotation import TableRotation, tables_to_rotate


class Command(BaseCommand):
    help = (
        "Re-encrypt values that have a former key of FIELD_ENCRYPTION_KEYS or a former format, and fill in blind indexes. "
        "It can run beside servers and workers, and an interrupted run can be repeated."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count outdated values by column and key; change nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        if dry_run:
            self._count()
        else:
            self._rotate(tables_to_rotate())

    def _count(self) -> None:
        total = 0
        for table in tables_to_rotate():
            for column in table.columns:
                for key_id, count in column.count_by_key().items():
                    self.stdout.write(f"{column.name:<60} key {key_id} {count:>12,}")
            total += table.old().count()
        self.stdout.write(f"{total:,} rows need to be re-encrypted. Nothing was changed: this was a dry run.")

    def _rotate(self, work: list[TableRotation]) -> None:
        """Rotate with a progress bar and a summary. Raise CommandError if values could not be rotated, after listing them."""
        begun = time.monotonic()
        total = sum(table.old().count() for table in work)
        with tqdm(total=total, unit="row", desc="re-encrypted", leave=False, file=sys.stderr, disable=None) as bar:
            outcomes = [table.run(bar.update) for table in work]
        problems = [problem for outcome in outcomes for found in outcome.failed.values() for problem in found]
        for problem in problems:
            self.stderr.write(problem)
        seconds = time.monotonic() - begun
        self.stdout.write(f"{sum(outcome.reencrypted for outcome in outcomes):,} rows were re-encrypted in {seconds:.1f} s.")
        if problems:
            raise CommandError(f"{len(problems):,} values can't be decrypted. They are listed above and were not changed.")
        if busy := sum(outcome.busy for outcome in outcomes):
            raise CommandError(f"{busy:,} rows were locked by other transactions throughout. Run this command again.")
