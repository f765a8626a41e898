"""Helpers that parse a whole statement from bytes or text in memory."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from finance.statements.parse import parse_statement
from finance.statements.rows import Limits, RowError, Statement, StatementError, StatementRow
from finance.statements.source import StatementSource


@dataclass(frozen=True)
class Reading:
    """A statement with its rows and its errors."""

    statement: Statement
    rows: list[StatementRow]
    errors: list[RowError]

    @property
    def amounts(self) -> list[str]:
        return [str(row.amount) for row in self.rows]

    @property
    def dates(self) -> list[str]:
        return [row.date.isoformat() for row in self.rows]

    @property
    def codes(self) -> list[tuple[int, str]]:
        return [(error.number, error.code) for error in self.errors]


def read(
    content: str | bytes,
    *,
    filename: str = "statement",
    format: str = "auto",
    mapping: Mapping[str, object] | None = None,
    default_currency: str = "USD",
    account_hint: str = "",
    account_type: str = "",
    limits: Limits | None = None,
    **options: Any,
) -> Reading:
    """Parse all of `content`; text is encoded as UTF-8. `options` are further fields of StatementSource."""
    source = StatementSource(
        file=io.BytesIO(content.encode() if isinstance(content, str) else content),
        filename=filename,
        format=format,
        mapping=mapping,
        account_hint=account_hint,
        account_type=account_type,
        **options,
    )
    statement = parse_statement(source, default_currency=default_currency, limits=limits or Limits())
    items = list(statement.rows)
    rows = [item for item in items if isinstance(item, StatementRow)]
    return Reading(statement, rows, [item for item in items if isinstance(item, RowError)])


def read_or_refuse(content: bytes, mapping: object = None, **options: Any) -> Reading | StatementError:
    """Call `read` and return its result or its StatementError; any other exception is raised and fails the test."""
    try:
        return read(content, mapping=cast("Mapping[str, object] | None", mapping), **options)
    except StatementError as refusal:
        return refusal


def is_sound(reading: Reading | StatementError) -> bool:
    """Return True if a reading satisfies the guarantees of `finance.statements.rows`."""
    if isinstance(reading, StatementError):
        return bool(reading.code and reading.message)
    return all(map(_row_is_sound, reading.rows)) and all(error.code and error.message for error in reading.errors)


def _row_is_sound(row: StatementRow) -> bool:
    texts = (row.description, row.merchant_name, row.provider_id, row.category)
    return (
        row.amount.is_finite()
        and (abs(row.amount) > 0 or (row.correction is not None and row.correction.action == "delete"))
        and abs(row.amount) < Decimal(10) ** 10
        and row.amount.as_tuple().exponent == -2
        and 1900 <= row.date.year <= 2200
        and all("\0" not in text and text == text.strip() for text in texts)
        and [len(text) <= limit for text, limit in zip(texts, (2_000, 255, 255, 100), strict=True)] == [True] * 4
        and (
            not row.amount
            or row.transaction_type == "transfer"
            or (row.transaction_type in ("income", "refund")) == (row.amount > 0)
        )
    )


def ofx(*transactions: str, before: str = "", after: str = "", header: str = "OFXHEADER:100\nDATA:OFXSGML\n\n") -> str:
    """Return an SGML statement of a checking account in USD with the given transactions."""
    body = "\n".join(transactions)
    return (
        f"{header}<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>000012345678"
        f"<ACCTTYPE>CHECKING</BANKACCTFROM>{before}<BANKTRANLIST><DTSTART>20250101<DTEND>20250131\n{body}\n</BANKTRANLIST>"
        f"<LEDGERBAL><BALAMT>100.00<DTASOF>20250131</LEDGERBAL>{after}</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )


def transaction(amount: str = "-1.00", day: str = "20250115", fitid: str = "A1", rest: str = "<NAME>Shop") -> str:
    """Return one STMTTRN in SGML."""
    return f"<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>{day}<TRNAMT>{amount}<FITID>{fitid}{rest}</STMTTRN>"
