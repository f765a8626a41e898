"""`manage.py simulate_billing` lives through a subscription in seconds, and shows what the product does on each day."""

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
from dev.stripe.cards import CARDS

KEPT = sorted(name for name, card in CARDS.items() if not card.attach)  # the others are refused by the checkout itself
WIDE = 180  # columns, where the output is no terminal


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is no day. Write it as 2026-03-02.") from error


class Command(BaseCommand):
    help = (
        "Live through a subscription in seconds: from the trial to its end, with what is charged, open and told on each day. "
        "It works with a stand-in for Stripe that it starts by itself, and never speaks to Stripe, whatever key is set. "
        "Its customer is made in a transaction that is rolled back: nothing is kept, and no mail is sent. "
        "Scenarios: " + " ".join(f"{name}: {scenario.about}" for name, scenario in SCENARIOS.items())
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--scenario", choices=SCENARIOS, default="recovers", help="what the customer does")
        parser.add_argument("--from", type=day, default=FIRST_DAY, dest="begins", metavar="DATE", help=f"default: {FIRST_DAY}")
        parser.add_argument("--until", type=day, metavar="DATE", help="default: when the scenario has been told")
        parser.add_argument(
            "--plan", default="", metavar="NAME", help="the monthly plan that is bought; default: the middle one"
        )
        parser.add_argument("--card", choices=KEPT, default="visa", help="the test card that it is bought with")
        parser.add_argument("--csv", metavar="FILE", help="write the table there as CSV instead; - is the standard output")

    def handle(self, *args: Any, csv: str | None, **options: Any) -> None:
        asked = SimulationRequest(**{name: options[name] for name in ("scenario", "begins", "until", "plan", "card")})
        try:
            rows = simulate(asked, progress=partial(tqdm, desc="Living", unit=" days", leave=False, disable=None))
        except DomainError as error:
            raise CommandError(error.message) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. Nothing was kept.", returncode=130) from None
        if csv is None:
            self._show(rows)
        else:
            self._write(rows, csv)

    def _show(self, rows: Sequence[DayRow]) -> None:
        width = shutil.get_terminal_size((WIDE, 0)).columns if sys.stdout.isatty() else WIDE
        for line in terminal_table(rows, width=width):
            self.stdout.write(line)
        self.stdout.write("What the customer was told:")
        for line in (line for row in rows for line in row.notice_texts()):
            self.stdout.write(line)

    def _write(self, rows: Sequence[DayRow], place: str) -> None:
        text = "".join(csv_export.lines(COLUMNS, (row.cells() for row in rows)))
        if place == "-":
            self.stdout.write(text.removeprefix(csv_export.BYTE_ORDER_MARK), ending="")
            return
        try:
            Path(place).write_text(text, newline="")
        except OSError as error:
            raise CommandError(f"{place} can't be written: {error.strerror}.") from error
        self.stdout.write(f"{place}: {len(rows)} days.")
