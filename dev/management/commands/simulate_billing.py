"""`manage.py simulate_billing`: simulate a subscription and show the product's behavior on each day."""

import shutil
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from core import csv_export
from core.errors import DomainError
from dev.billing_simulation.scenarios import SCENARIOS
from dev.billing_simulation.simulation import FIRST_DAY, SimulationRequest, simulate
from dev.billing_simulation.tables import COLUMNS, DayRow, terminal_table
from dev.stripe.bank_debits import BANK_ACCOUNTS
from dev.stripe.cards import CARDS

# the checkout refuses the others
PURCHASE_CARDS = sorted(name for name, card in CARDS.items() if not card.attach) + sorted(BANK_ACCOUNTS)
DEFAULT_WIDTH = 180  # if the output is not a terminal


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is not a date. Write it as 2026-03-02.") from error


class Command(BaseCommand):
    help = (
        "Simulate a subscription from its trial to its end, with the charges, access and notices of each day. "
        "The command starts its own Stripe emulator and never contacts Stripe, even if a Stripe key is set. "
        "All changes are rolled back, and no email is sent. "
        "Scenarios: " + " ".join(f"{name}: {scenario.about}" for name, scenario in SCENARIOS.items())
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--scenario", choices=SCENARIOS, default="recovers", help="what the customer does")
        parser.add_argument("--from", type=day, default=FIRST_DAY, dest="begins", metavar="DATE", help=f"default: {FIRST_DAY}")
        parser.add_argument("--until", type=day, metavar="DATE", help="default: the end of the scenario")
        parser.add_argument("--plan", default="", metavar="NAME", help="the monthly plan to buy; default: the middle one")
        parser.add_argument(
            "--card", choices=PURCHASE_CARDS, default="visa", help="the test card or test bank account to buy it with"
        )
        parser.add_argument("--csv", metavar="FILE", help="write CSV to this file instead of a table; - is the standard output")

    def handle(self, *args: Any, csv: str | None, **options: Any) -> None:
        request = SimulationRequest(**{name: options[name] for name in ("scenario", "begins", "until", "plan", "card")})
        try:
            rows = simulate(request, progress=partial(tqdm, desc="Simulating", unit=" days", leave=False, disable=None))
        except DomainError as error:
            raise CommandError(error.message) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted. No changes were stored.", returncode=130) from None
        if csv is None:
            self._show(rows)
        else:
            self._write(rows, csv)

    def _show(self, rows: Sequence[DayRow]) -> None:
        width = shutil.get_terminal_size((DEFAULT_WIDTH, 0)).columns if sys.stdout.isatty() else DEFAULT_WIDTH
        for line in terminal_table(rows, width=width):
            self.stdout.write(line)
        self.stdout.write("Notices to the customer:")
        for line in (line for row in rows for line in row.notice_texts()):
            self.stdout.write(line)

    def _write(self, rows: Sequence[DayRow], path: str) -> None:
        text = "".join(csv_export.lines(COLUMNS, (row.cells() for row in rows)))
        if path == "-":
            self.stdout.write(text.removeprefix(csv_export.BYTE_ORDER_MARK), ending="")
            return
        try:
            Path(path).write_text(text, newline="")
        except OSError as error:
            raise CommandError(f"{path} can't be written: {error.strerror}. Choose another file.") from error
        self.stdout.write(f"{path}: {len(rows)} days.")
