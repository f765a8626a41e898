"""Parser of OFX 1 (SGML), OFX 2 (XML) and QFX. It finds the statements, selects the account and reads rows lazily."""

import re
from collections.abc import Iterator
from itertools import count

from finance.statements.ofx_accounts import OfxAccount, accounts_in, choose, closing_balance, currency_of, lists_securities
from finance.statements.ofx_markup import blocks, sections
from finance.statements.ofx_rows import read_block
from finance.statements.rows import Balances, RowOrError, Statement, StatementError
from finance.statements.source import DecodedFile

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
        account = _select(text, accounts, file.source.account_hint)
        balances = Balances(None, closing_balance(account), account.info.currency)
        return Statement(
            format=self.name,
            rows=_rows(text, account, file.default_currency),
            accounts=tuple(each.info for each in accounts),
            mapping={},
            read_balances=lambda: balances,
        )


def _select(text: str, accounts: list[OfxAccount], hint: str) -> OfxAccount:
    account = choose(accounts, hint)
    if lists_securities(account) and not any(next(blocks(text, section), None) for section in account.sections):
        raise StatementError("only_securities", "The statement contains only securities and no cash transactions to import.")
    return account


def _rows(text: str, account: OfxAccount, default_currency: str) -> Iterator[RowOrError]:
    """Yield booked and pending transactions in file order, numbered from 1."""
    numbers = count(1)
    for section in account.sections:
        currency = currency_of(section, default_currency)
        for block in blocks(text, section):
            yield read_block(block, next(numbers), currency)
