"""Parser of OFX 1 (SGML), OFX 2 (XML) and QFX. It finds the statements, selects the account and reads rows lazily."""

import re
from collections.abc import Iterator
from functools import partial
from itertools import count

from finance.statements.account_choice import Wanted, choose
from finance.statements.file_amounts import AmountReader
from finance.statements.ofx_accounts import OfxAccount, accounts_in, currency_of, read_closing_balance, stated_day
from finance.statements.ofx_markup import blocks, sections, texts_of
from finance.statements.ofx_rows import RowReader
from finance.statements.ofx_securities import count_left_out, list_counts, warn_of_left_out
from finance.statements.rows import RowOrError, Statement, StatementError
from finance.statements.source import DecodedFile
from finance.statements.stated_rates import StatedRates

_DECLARATION = re.compile(r"<!\s*(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_SIGN = re.compile(
    r"^[ \t\ufeff]*(?:<\?xml[^>\n]{0,200}\?>[ \t]*)?(?:OFXHEADER[ \t]*:|<\?OFX\s|<OFX[\s>])", re.IGNORECASE | re.MULTILINE
)


class OfxParser:
    """Recognizes the OFX header or an OFX element at the start of a line. The version in the header is ignored."""

    name = "ofx"

    def recognizes(self, head: str) -> bool:
        """Return True if `head` contains an OFX header or element, even below other lines such as an email header."""
        return _SIGN.search(head) is not None

    def parse(self, file: DecodedFile) -> Statement:
        """Return the selected account's statement; raise StatementError if there is none or the selection is ambiguous."""
        with file.open_text() as stream:
            text = stream.read()
        # SECURITY: OFX has neither, and XML parsers can be attacked by entity expansion.
        if _DECLARATION.search(text):
            message = "The file contains a DOCTYPE or ENTITY declaration, which OFX does not allow. Export the file again."
            raise StatementError("forbidden_markup", message)
        accounts = accounts_in(sections(text), file.default_currency)
        if not accounts:
            raise StatementError("no_statement", "The OFX file contains no account statement. Export transactions as OFX.")
        source = file.source
        account = choose(accounts, Wanted(source.account_hint, source.account_type, file.default_currency))
        left_out = count_left_out(text, account.sections)
        if left_out and not any(next(blocks(text, section), None) for section in account.sections):
            message = (
                f"The statement contains only securities ({list_counts(left_out)}) and no cash transactions to import. "
                "Export the transactions of the cash account."
            )
            raise StatementError("only_securities", message)
        amounts = AmountReader(
            partial(texts_of, "TRNAMT", text, account.sections),
            partial(texts_of, "BALAMT", text, account.sections),
            account.info.currency,
            source.decimal,
        )
        rates = StatedRates()
        return Statement(
            format=self.name,
            rows=_rows(text, account, amounts, file.default_currency, rates),
            accounts=tuple(each.info for each in accounts),
            mapping={},
            read_balances=lambda: read_closing_balance(account, amounts),
            read_warnings=lambda: warn_of_left_out(left_out),
            rates=rates,
        )


def _rows(
    text: str, account: OfxAccount, amounts: AmountReader, default_currency: str, rates: StatedRates
) -> Iterator[RowOrError]:
    """Yield booked and pending transactions in file order, numbered from 1."""
    numbers = count(1)
    for section in account.sections:
        last_day = stated_day(section.skeleton, "DTEND", "DTASOF")
        reader = RowReader(amounts, currency_of(section, default_currency), last_day, rates)
        for block in blocks(text, section):
            yield reader.read(block, next(numbers))
