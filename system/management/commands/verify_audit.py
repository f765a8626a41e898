"""`manage.py verify_audit`: verification of the audit log, which reports the first inconsistent row."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from system import services
from system.audit_signatures import last_anchor, read_anchors
from system.audit_verification import AuditVerificationError, verify


def day(text: str) -> datetime:
    """Return the start (UTC) of a day such as 2026-11-01."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Command(BaseCommand):
    help = "Verify the audit log and its hash chain. Report the first row that was tampered with, and exit with status 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anchor", type=Path, metavar="FILE", help="check that the chain contains the blocks of AUDIT_ANCHOR_FILE or a log"
        )
        parser.add_argument("--since", type=day, metavar="YYYY-MM-DD", help="check only events recorded since this day (UTC)")

    def handle(self, *args: Any, since: datetime | None, anchor: Path | None, **options: Any) -> None:
        checked = 0
        try:
            anchors = list(read_anchors(anchor)) if anchor else []
        except (OSError, ValueError) as error:
            raise CommandError(f"The anchors in {anchor} can't be read: {error}.") from error
        try:
            with tqdm(desc="Verifying", unit=" events", leave=False, disable=None) as bar:
                for number in verify(since=since, anchors=anchors):
                    checked += number
                    bar.update(number)
        except AuditVerificationError as error:
            raise CommandError(f"The audit log was tampered with. {error}") from error
        services.seal_audit()
        last = last_anchor()
        chain = f"the chain ends in block {last.number}, {last.hash.hex()}" if last else "the chain is empty"
        count = f"{len(anchors):,} anchor{'' if len(anchors) == 1 else 's'}"
        self.stdout.write(f"The audit log is sound: {checked:,} events and {count} checked; {chain}.")
        if not anchors:
            self.stdout.write("Only anchors that are kept elsewhere show whether its end was cut off: --anchor FILE.")
