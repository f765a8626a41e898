"""`manage.py import_statement <file> --account <uuid>` imports a statement into a customer's account."""

import io
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from core import clock
from core.errors import DomainError
from core.json_input import parsed
from finance.models import EncryptedFinancialProfile
from finance.models.imports import BalanceReason, ReviewReason
from finance.services import ImportResult, import_statement
from finance.services.import_sources import AUTO
from finance.statements.encoding_names import NAMES, known_codec, name_of
from finance.statements.parse import FORMATS
from finance.statements.source import StatementSource
from finance.statements.text_options import DATE_ORDERS, DECIMALS

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

OPTIONS = (
    "format", "mapping", "account_hint", "opening_balance", "closing_balance", "invert", "encoding", "date_order", "decimal"
)  # fmt: skip
COUNTS = ("created", "duplicates", "tombstoned", "superseded", "review", "failed")


class ProgressFile(io.FileIO):
    """A file that advances a progress bar when read. The bar restarts for each of the parser's passes."""

    def __init__(self, path: Path, bar: tqdm) -> None:
        super().__init__(path)
        self._bar = bar

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        position = super().seek(offset, whence)
        self._bar.n = position
        return position

    def read(self, size: int | None = -1, /) -> Any:
        data = super().read(size)
        self._bar.update(len(data or b""))
        return data

    def readinto(self, buffer: "WriteableBuffer", /) -> Any:
        count = super().readinto(buffer)
        self._bar.update(count or 0)
        return count


def mapping_from(text: str) -> dict[str, Any]:
    """Return the value of --mapping, a JSON object; raise ArgumentTypeError if it is not one."""
    try:
        mapping = parsed(text.encode(), "The mapping")
    except (DomainError, UnicodeEncodeError) as error:
        raise ArgumentTypeError(str(error)) from None
    if not isinstance(mapping, dict):
        raise ArgumentTypeError('use a JSON object such as {"date": "Booked on", "amount": "Betrag"}')
    return mapping


def amount_from(text: str) -> Decimal:
    """Return the value of a balance; raise ArgumentTypeError unless it has at most three decimals."""
    if not re.fullmatch(r"[+-]?[0-9]{1,13}(\.[0-9]{1,3})?", text):
        raise ArgumentTypeError("use an amount such as -1234.50")
    return Decimal(text)


def encoding_from(text: str) -> str:
    """Return the value of --encoding; raise ArgumentTypeError with the known names if it is not one."""
    codec = known_codec(text)
    if text != AUTO and not codec:
        raise ArgumentTypeError(f"use one of: {', '.join([AUTO, *NAMES])}")
    return name_of(codec) if codec else text


class Command(BaseCommand):
    help = (
        "Import a bank statement (OFX, CAMT, MT940, QIF, CSV, XLSX, ODS or JSON) into an account. "
        "Importing it again creates no duplicates."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--account", type=UUID, required=True, help="the account's id")
        parser.add_argument("--format", choices=FORMATS, default="auto")
        parser.add_argument("--mapping", type=mapping_from, help="tables only: JSON of fields and column titles or numbers")
        parser.add_argument(
            "--account-hint", default="", help="number of the account in a file of several, or its last four characters"
        )
        parser.add_argument(
            "--opening-balance", type=amount_from, help="used if the file states none; below 0 if money is owed"
        )
        parser.add_argument(
            "--closing-balance", type=amount_from, help="used if the file states none; below 0 if money is owed"
        )
        parser.add_argument(
            "--invert", action=BooleanOptionalAction, help="change the sign of every amount; default: as in the last import"
        )
        parser.add_argument("--encoding", type=encoding_from, help="such as windows-1250, or auto")
        parser.add_argument("--date-order", choices=(AUTO, *DATE_ORDERS), help="of dates such as 03/04/2026")
        parser.add_argument("--decimal", choices=(AUTO, *DECIMALS), help="decimal mark of amounts")
        parser.add_argument("--dry-run", action="store_true", help="report the result without importing anything")

    def handle(self, *args: Any, **options: Any) -> None:
        account = EncryptedFinancialProfile.objects.filter(pk=options["account"]).first()
        if account is None:
            raise CommandError(f"Account {options['account']} does not exist.")
        try:
            self._report(self._import(account, options))
        except (DomainError, OSError) as error:
            raise CommandError(str(error)) from error

    def _import(self, account: EncryptedFinancialProfile, options: dict[str, Any]) -> ImportResult:
        path: Path = options["file"]
        with (
            tqdm(total=path.stat().st_size, unit="B", unit_scale=True, desc=path.name, leave=False, file=sys.stderr) as bar,
            ProgressFile(path, bar) as file,
        ):
            sent = {name: options[name] for name in OPTIONS if options[name] is not None}
            source = StatementSource(file=file, filename=path.name, **sent)
            return import_statement(source, account=account, now=clock.now(), dry_run=options["dry_run"])

    def _report(self, result: ImportResult) -> None:
        for name in COUNTS:
            self.stdout.write(f"{name:<12}{getattr(result, name):>10,}")
        for reason, count in result.review_reasons.items():
            self.stdout.write(f"review, {ReviewReason(reason).label}: {count:,}")
        for problem in result.errors:
            self.stdout.write(f"row {problem.row}, {problem.field}: {problem.message}")
        for warning in result.warnings:
            self.stdout.write(f"note: {warning.message}")
        self.stdout.write(f"{'invert':<12}{'yes' if result.options['invert'] else 'no':>10}")
        reason = BalanceReason(result.balance_reason).label if result.balance_reason else ""
        self.stdout.write(f"The account's balance was not set: {reason}." if reason else "The account's balance was set.")
        if result.dry_run:
            self.stdout.write("Nothing was changed: this was a dry run.")
