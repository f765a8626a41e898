"""The options `date_order` and `decimal`, which decide what the dates and amounts of a text do not."""

from collections.abc import Mapping, Sequence

from finance.statements.amounts import read_money
from finance.statements.dates import AmbiguousDatesError, DateReader
from finance.statements.rows import BrokenCellError, StatementError
from finance.statements.source import StatementSource

DATE_ORDERS = ("day_first", "month_first")
DECIMALS = (".", ",")
_WORDS = {"day_first": "the day", "month_first": "the month"}
_SHOWN = 20


def refuse_conflicts(source: StatementSource) -> None:
    """Raise StatementError if an option and a key of the mapping, both sent by the user, contradict each other."""
    mapping: Mapping[str, object] = source.mapping or {}
    decimal, date_format = mapping.get("decimal"), mapping.get("date_format")
    if source.decimal in DECIMALS and isinstance(decimal, str) and decimal != source.decimal:
        message = f"decimal is “{source.decimal}”, but mapping.decimal is “{decimal[:_SHOWN]}”. Send one of them."
        raise StatementError("conflicting_options", message)
    order = order_of(date_format) if isinstance(date_format, str) else ""
    if source.date_order in DATE_ORDERS and order and order != source.date_order:
        message = (
            f"date_order is {source.date_order}, but mapping.date_format is “{str(date_format)[:_SHOWN]}”. Send one of them."
        )
        raise StatementError("conflicting_options", message)


def order_of(date_format: str) -> str:
    """Return the order of day and month in a format that begins with one of them as a number; "" for other formats."""
    begin = date_format.strip()[:2]
    is_numeric = "%d" in date_format and "%m" in date_format
    return {"%d": "day_first", "%m": "month_first"}.get(begin, "") if is_numeric else ""


def ordered_format(found: str, date_order: str, sample: Sequence[str]) -> str:
    """Return the format `found` with day and month in `date_order`; raise StatementError if the dates show another order."""
    if date_order not in DATE_ORDERS or order_of(found) in ("", date_order):
        return found
    swapped = found.replace("%d", "%\0").replace("%m", "%d").replace("%\0", "%m")
    own, other = DateReader(found), DateReader(swapped)
    broken = next((cell.strip() for cell in sample if own.read(cell) and not other.read(cell)), "")
    if not broken:
        return swapped
    message = (
        f"“{broken[:_SHOWN]}” does not begin with {_WORDS[date_order]}. Send date_order={order_of(found)}, or leave it out."
    )
    raise StatementError("wrong_date_order", message)


def ambiguous_dates(ambiguous: AmbiguousDatesError, sample: Sequence[str]) -> StatementError:
    """Return the refusal of dates that could begin with the day or the month, with both readings of one."""
    day_reader, month_reader = DateReader(ambiguous.day_first), DateReader(ambiguous.month_first)
    readings = [(cell, day_reader.read(cell), month_reader.read(cell)) for cell in sample]
    text, day_first, month_first = next((reading for reading in readings if reading[1] != reading[2]), readings[0])
    message = (
        f"Dates such as “{text.strip()[:_SHOWN]}” could begin with the day or the month. Send date_order=day_first if this is "
        f"{day_first}, or date_order=month_first if it is {month_first}."
    )
    return StatementError("ambiguous_dates", message)


def ambiguous_amounts(cells: Sequence[str]) -> StatementError:
    """Return the refusal of amounts that could have a thousands separator or a decimal mark, with both readings of one."""
    text = next((cell.strip() for cell in cells if "," in cell or "." in cell), "")
    readings = {mark: _amount(text, mark) for mark in DECIMALS}
    message = (
        f"“{text[:_SHOWN]}” could have a thousands separator or a decimal mark. Send decimal=. if this is {readings['.']}, "
        f"or decimal=, if it is {readings[',']}."
    )
    return StatementError("ambiguous_amounts", message)


def _amount(text: str, mark: str) -> str:
    try:
        return str(read_money(text, mark).amount)
    except BrokenCellError:
        return "no amount"
