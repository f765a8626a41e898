"""Exchange rates of CAMT entries: CcyXchg (ISO 20022, CurrencyExchange) beside the amounts of a payment."""

import datetime
import xml.etree.ElementTree as ET  # for the type only; defusedxml parses  # nosec B405
from collections.abc import Iterator, Mapping
from decimal import Decimal

from core.currencies import EXACT
from finance.statements.camt_rows import read_amount
from finance.statements.rows import BrokenCellError
from finance.statements.stated_rates import StatedRates

MAX_ERROR = Decimal("0.05")  # of a rate against the amounts, which may contain charges
_PLACES = ("AmtDtls", "NtryDtls/TxDtls/AmtDtls")


def add_rates(rates: StatedRates, entry: ET.Element, day: datetime.date) -> None:
    """Add the rates of an entry, each for its own day of quotation, else for the `day` of the entry."""
    for place in _PLACES:
        for details in entry.findall(place):
            amounts = dict(_amounts(entry, details))
            for exchange in details.findall("*/CcyXchg"):
                _add(rates, exchange, amounts, _quoted_on(exchange) or day)


def _quoted_on(exchange: ET.Element) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat((exchange.findtext("QtnDt") or "").strip()[:10])
    except ValueError:
        return None


def _amounts(entry: ET.Element, details: ET.Element) -> Iterator[tuple[str, Decimal]]:
    """Yield the amounts of a payment by currency, the entry's own only if it is of a single payment."""
    of_entry = [entry.find("Amt")] if len(entry.findall("NtryDtls/TxDtls")) <= 1 else []
    for amount in (*of_entry, *details.findall("*/Amt")):
        try:
            value = read_amount(amount)
        except BrokenCellError:
            continue  # without it, the rate is not checked
        if amount is not None and value:
            yield amount.get("Ccy", "").strip().upper(), value


def _add(rates: StatedRates, exchange: ET.Element, amounts: Mapping[str, Decimal], day: datetime.date) -> None:
    """Add a rate in the direction that fits the amounts, because banks state either; else in that of its unit currency."""
    source, target, unit = ((exchange.findtext(f"{name}Ccy") or "").strip().upper() for name in ("Src", "Trgt", "Unit"))
    try:
        rate = read_amount(exchange.find("XchgRate"))
    except BrokenCellError:
        return
    if not rate:
        return
    if source in amounts and target in amounts:
        price = EXACT.divide(amounts[target], amounts[source])
        direct, inverse = abs(EXACT.divide(rate, price) - 1), abs(EXACT.divide(1, EXACT.multiply(rate, price)) - 1)
        if min(direct, inverse) <= MAX_ERROR:
            rates.add(*((source, target) if direct <= inverse else (target, source)), day, rate)
    elif unit in (source, target):
        rates.add(unit, target if unit == source else source, day, rate)
