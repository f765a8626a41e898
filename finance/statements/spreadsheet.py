"""Conversion of XLSX and ODS tables to CSV, so that they are read like a CSV file."""

import csv
import datetime
import io
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import BinaryIO, cast

import python_calamine

from core import csv_export
from finance.statements.csv_layout import discover
from finance.statements.rows import Limits, StatementError
from finance.statements.source import StatementSource, decode
from finance.statements.spreadsheet_size import BROKEN_ARCHIVE, check_size

_ZIP = b"PK\x03\x04"
_PARTS = {"xl/workbook.xml": "xlsx", "content.xml": "ods"}
_ODS = "opendocument.spreadsheet"
_DELIMITER = ","
_MAX_SHEETS = 50
# What a sheet without transactions raises, such as a summary.
_NO_TABLE = frozenset({"unknown_columns", "empty", "not_a_statement"})
_BROKEN = "The workbook is broken or protected by a password. Save it again without one, or export CSV."

Cell = float | str | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta


def format_of(file: BinaryIO) -> str:
    """Return "xlsx" or "ods" if `file` is such a workbook, otherwise ""."""
    file.seek(0)
    if file.read(len(_ZIP)) != _ZIP:
        return ""
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            kind = next((kind for part, kind in _PARTS.items() if part in names), "")
            if kind == "ods" and ("mimetype" not in names or _ODS not in archive.open("mimetype").read(100).decode("latin-1")):
                return ""
            return kind
    except BROKEN_ARCHIVE:
        return ""


def as_csv(source: StatementSource, kind: str, *, default_currency: str, limits: Limits) -> StatementSource:
    """Return the table in the workbook `source` as CSV in a temporary file; its lines are the rows of the sheet.

    A workbook with several tables needs the name of a sheet as `account_hint`. Raise StatementError if it has none.
    """
    check_size(source.file, kind, limits)
    source.file.seek(0)
    found: dict[str, StatementSource] = {}
    mapping = source.mapping
    if mapping is None or isinstance(mapping, Mapping):  # others are refused with the mapping's own error
        mapping = {**(mapping or {}), "delimiter": _DELIMITER}
    problem: StatementError | None = None
    try:
        with python_calamine.load_workbook(cast("python_calamine._python_calamine.ReadBuffer", source.file)) as workbook:
            for sheet in workbook.sheets_metadata[:_MAX_SHEETS]:
                if sheet.visible != python_calamine.SheetVisibleEnum.Visible:
                    continue
                table = replace(source, file=_write(workbook.get_sheet_by_name(sheet.name).iter_rows()), mapping=mapping)
                try:
                    discover(decode(table, default_currency=default_currency, limits=limits))
                except StatementError as error:
                    if error.code in _NO_TABLE:
                        problem = problem or error
                        continue
                found[sheet.name] = table
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise StatementError("broken_workbook", _BROKEN) from error
    if not found:
        raise problem or StatementError("empty", "The workbook has no table. Export OFX, CSV or another format of your bank.")
    return _chosen(found, source.account_hint)


def _chosen(found: dict[str, StatementSource], hint: str) -> StatementSource:
    if len(found) == 1:
        return next(iter(found.values()))
    wanted = hint.strip().casefold()
    for name, table in found.items():
        if name.strip().casefold() == wanted:
            return table
    names = ", ".join(f"“{name}”" for name in found)
    message = f"The workbook has several tables: {names}. Send the name of one of them as account_hint."
    raise StatementError("several_accounts", message)


def _write(rows: Iterable[Iterable[Cell]]) -> BinaryIO:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller reads it
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text, delimiter=_DELIMITER, lineterminator="\n")
    writer.writerows([_text(cell) for cell in row] for row in rows)
    text.detach()  # writes what is buffered, and does not close the file
    return file


def _text(cell: Cell) -> str:
    """Return a cell as text in one line, with numbers as their decimal digits."""
    if isinstance(cell, str):
        text = " ".join(cell.splitlines())
        # reading CSV removes the apostrophes before formulas, which are the text's own here
        return csv_export.cell(text) if csv_export.restored(text) != text else text
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float | int):
        return _digits(cell)
    if isinstance(cell, datetime.datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    return str(cell)


def _digits(number: float) -> str:
    """Return the 15 digits that spreadsheets show, because sums of binary fractions have more: 0.1 + 0.2 is 0.3.

    Three decimals get a fourth, which tells them from thousands: "1.234".
    """
    text = f"{Decimal(f'{number:.15g}'):f}"
    whole, point, decimals = text.partition(".")
    return f"{whole}.{decimals}0" if point and len(decimals) == 3 else text
