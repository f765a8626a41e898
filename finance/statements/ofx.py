"""OFX 1 (SGML), OFX 2 (XML) and QFX: finds the statements, chooses the account and reads its transactions lazily."""

import re
from collections.abc import Iterator
from itertools import chain

from finance.statements.ofx_accounts import Account, accounts_in, choose, closing_balance, holds_only_securities
from finance.statements.ofx_markup import Block, blocks, refuse_declarations, sections
from finance.statements.ofx_rows import read_block
from finance.statements.rows import Balances, RowOrError, Statement, StatementError
from finance.statements.source import Source

_SIGN = re.compile(r"^\s*(?:OFXHEADER\s*:|<\?OFX\s|(?:<\?xml[^>]*\?>\s*)?<OFX[\s>])", re.IGNORECASE | re.MULTILINE)


class OfxParser:
    """Takes the header or an OFX element at the start of a line for OFX; what the header says of versions is ignored."""

    name = "ofx"

    def recognises(self, head: str) -> bool:
        """Whether `head` has an OFX header or begins an OFX element, even below lines that a mailer put above it."""
        return _SIGN.search(head) is not None

    def parse(self, source: Source) -> Statement:
        """The chosen account's statement; raises `StatementError` when the file has none or does not say which."""
        with source.open_text() as stream:
            text = stream.read()
        refuse_declarations(text)
        accounts = accounts_in(sections(text), source.default_currency)
        if not accounts:
            raise StatementError("no_statement", "The file is OFX, but there is no account statement in it.")
        account = _chosen(text, accounts, source.account_hint)
        balances = Balances(None, closing_balance(account), account.info.currency)
        return Statement(
            format=self.name,
            rows=_rows(text, account),
            accounts=tuple(each.info for each in accounts),
            mapping={},
            read_balances=lambda: balances,
        )


def _chosen(text: str, accounts: list[Account], hint: str) -> Account:
    account = choose(accounts, hint)
    if holds_only_securities(account) and not any(_blocks(text, account)):
        raise StatementError(
            "only_securities", "The statement lists only securities that were bought, sold or held, no movements of cash."
        )
    return account


def _rows(text: str, account: Account) -> Iterator[RowOrError]:
    """Booked transactions and pending ones in the order of the file, numbered from 1."""
    for number, block in enumerate(_blocks(text, account), start=1):
        yield read_block(block, number, account.info.currency)


def _blocks(text: str, account: Account) -> Iterator[Block]:
    return chain.from_iterable(blocks(text, section) for section in account.sections)
