"""OFX 1 (SGML), OFX 2 (XML) and QFX: finds the statements, chooses the account and reads its transactions lazily."""

import re
from collections.abc import Iterator
from itertools import count

from finance.statements.ofx_accounts import (
    OfxAccount,
    accounts_in,
    choose,
    closing_balance,
    currency_of,
    speaks_of_securities,
)
from finance.statements.ofx_markup import blocks, sections
from finance.statements.ofx_rows import read_block
from finance.statements.rows import Balances, RowOrError, Statement, StatementError
from finance.statements.source import DecodedFile

_DECLARATION = re.compile(r"<!\s*(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_SIGN = re.compile(
    r"^[ \t\ufeff]*(?:<\?xml[^>\n]{0,200}\?>[ \t]*)?(?:OFXHEADER[ \t]*:|<\?OFX\s|<OFX[\s>])", re.IGNORECASE | re.MULTILINE
)


class OfxParser:
    """Takes the header or an OFX element at the start of a line for OFX; what the header says of versions is ignored."""

    name = "ofx"

    def recognizes(self, head: str) -> bool:
        """Whether `head` has an OFX header or begins an OFX element, even below lines that a mailer put above it."""
        return _SIGN.search(head) is not None

    def parse(self, file: DecodedFile) -> Statement:
        """The chosen account's statement; raises `StatementError` when the file has none or does not say which."""
        with file.open_text() as stream:
            text = stream.read()
        # SECURITY: OFX has neither, and expanding an entity is how XML parsers are attacked.
        if _DECLARATION.search(text):
            raise StatementError("forbidden_markup", "The file declares a DOCTYPE or an ENTITY, which OFX does not have.")
        accounts = accounts_in(sections(text), file.default_currency)
        if not accounts:
            raise StatementError("no_statement", "The file is OFX, but there is no account statement in it.")
        account = _chosen(text, accounts, file.source.account_hint)
        balances = Balances(None, closing_balance(account), account.info.currency)
        return Statement(
            format=self.name,
            rows=_rows(text, account, file.default_currency),
            accounts=tuple(each.info for each in accounts),
            mapping={},
            read_balances=lambda: balances,
        )


def _chosen(text: str, accounts: list[OfxAccount], hint: str) -> OfxAccount:
    account = choose(accounts, hint)
    if speaks_of_securities(account) and not any(next(blocks(text, section), None) for section in account.sections):
        raise StatementError("only_securities", "The statement lists only securities, no movements of cash to import.")
    return account


def _rows(text: str, account: OfxAccount, default_currency: str) -> Iterator[RowOrError]:
    """Booked transactions and pending ones in the order of the file, numbered from 1."""
    numbers = count(1)
    for section in account.sections:
        currency = currency_of(section, default_currency)
        for block in blocks(text, section):
            yield read_block(block, next(numbers), currency)
