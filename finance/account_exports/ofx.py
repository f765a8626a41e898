"""OFX 2.2 exports: one statement for each currency, pending transactions in a list of their own (section 11.4.2.2).

NAME and MEMO have at most 32 and 255 characters. Longer texts are complete in elements of this application, which others
ignore (section 2.7.2), as are categories and the reference numbers of pending transactions.
"""

import html
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, groupby

from finance.account_exports.rows import ExportedRow, Selection
from finance.models import EncryptedFinancialProfile
from finance.models.accounts import AccountType
from finance.statements.exported_ofx import FILE_ID, KINDS, NO_REFERENCE
from finance.statements.exported_texts import escaped

MEDIA_TYPE = "application/x-ofx; charset=utf-8"
NAME, EXTENDED_NAME, MEMO = 32, 100, 255
TYPES = {AccountType.SAVINGS: "SAVINGS", AccountType.LOAN: "CREDITLINE", AccountType.MORTGAGE: "CREDITLINE"}
CODES = {kind: code for code, kind in KINDS.items()}
HEADER = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    f'<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="{FILE_ID}"?>\n'
)
END_OF_PENDING = "</BANKTRANLISTP>\n"
STATUS = "<STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"


def write(selection: Selection, now: datetime) -> Iterator[str]:
    """Yield the parts of the file."""
    account = selection.account
    prefix = "CREDITCARD" if account.profile_type == AccountType.CREDIT else "BANK"
    yield (
        f"{HEADER}<OFX>\n<SIGNONMSGSRSV1><SONRS>{STATUS}<DTSERVER>{now.astimezone(UTC):%Y%m%d%H%M%S}.000[0:GMT]</DTSERVER>"
        f"<LANGUAGE>ENG</LANGUAGE><FI><ORG>MINGUS</ORG></FI></SONRS></SIGNONMSGSRSV1>\n<{prefix}MSGSRSV1>\n"
    )
    rows = selection.rows()
    first = next(rows, None)
    currency = selection.currency or account.currency
    if first is None or first.currency != currency:
        yield from _statement(selection, currency, first, iter(()))
    for code, group in groupby(chain([first] if first else [], rows), lambda row: row.currency):
        yield from _statement(selection, code, first, group)
    yield f"</{prefix}MSGSRSV1>\n</OFX>\n"


def _statement(selection: Selection, currency: str, example: ExportedRow | None, rows: Iterator[ExportedRow]) -> Iterator[str]:
    """Yield the statement in `currency`; `example` is any row of the export, for its period and balance."""
    account, today = selection.account, selection.today
    start = selection.first_day or (example.first_day if example else today)
    end = selection.last_day or max(example.last_day if example else today, today)
    tag = "CCSTMT" if account.profile_type == AccountType.CREDIT else "STMT"
    yield f"<{tag}TRNRS><TRNUID>0</TRNUID>{STATUS}<{tag}RS><CURDEF>{currency}</CURDEF>{_account(account)}\n"
    yield f"<BANKTRANLIST><DTSTART>{start:%Y%m%d}</DTSTART><DTEND>{end:%Y%m%d}</DTEND>\n"
    end_of_list = "</BANKTRANLIST>\n"
    for row in rows:
        if row.status == "pending" and end_of_list != END_OF_PENDING:
            yield f"{end_of_list}<BANKTRANLISTP><DTASOF>{today:%Y%m%d}</DTASOF>\n"
            end_of_list = END_OF_PENDING
        yield _transaction(row)
    yield end_of_list
    balance = example.balance if example else selection.booked_balance().get()
    if currency == account.currency and balance is not None and selection.has_balance:
        yield f"<LEDGERBAL><BALAMT>{balance}</BALAMT><DTASOF>{today:%Y%m%d}</DTASOF></LEDGERBAL>\n"
    yield f"</{tag}RS></{tag}TRNRS>\n"


def _account(account: EncryptedFinancialProfile) -> str:
    """Return the account by the end of its id and the last four characters of its number, which is not shown."""
    identifier = f"{account.pk.hex[-12:]}{account.account_number_masked.replace('•', '-')[3:]}".strip("-")
    if account.profile_type == AccountType.CREDIT:
        return f"<CCACCTFROM><ACCTID>{identifier}</ACCTID></CCACCTFROM>"
    kind = TYPES.get(AccountType(account.profile_type), "CHECKING")
    return f"<BANKACCTFROM><BANKID>MINGUS</BANKID><ACCTID>{identifier}</ACCTID><ACCTTYPE>{kind}</ACCTTYPE></BANKACCTFROM>"


def _transaction(row: ExportedRow) -> str:
    is_pending = row.status == "pending"
    merchant, memo, reference = (escaped(text) for text in (row.merchant_name, row.description, row.reference_number))
    has_id = bool(reference) and not reference.startswith(NO_REFERENCE)
    code = CODES.get(row.transaction_type) or CODES["income" if row.amount > 0 else "expense"]
    elements = [("TRNTYPE", code), *_dates(row), ("TRNAMT", str(row.amount))]
    if not is_pending:
        elements.append(("FITID", reference if has_id else f"{NO_REFERENCE}{row.id}"))
    elements += [
        ("NAME", merchant[:NAME].rstrip()),
        ("EXTDNAME", merchant[:EXTENDED_NAME].rstrip() if len(merchant) > NAME else ""),
        ("MEMO", memo[:MEMO].rstrip()),
        ("MINGUS.MERCHANT", merchant if len(merchant) > NAME else ""),
        ("MINGUS.DESCRIPTION", memo if len(memo) > MEMO else ""),
        ("MINGUS.CATEGORY", escaped(row.category)),
        ("MINGUS.REFERENCE", "" if has_id and not is_pending else reference),
        ("MINGUS.TYPE", "" if row.transaction_type in CODES else row.transaction_type),
    ]
    tag = "STMTTRNP" if is_pending else "STMTTRN"
    return (
        f"<{tag}>{''.join(f'<{name}>{html.escape(text, quote=False)}</{name}>' for name, text in elements if text)}</{tag}>\n"
    )


def _dates(row: ExportedRow) -> list[tuple[str, str]]:
    """Return the day of booking, and that of the transaction beside it if both are known."""
    day = f"{row.transaction_date:%Y%m%d}"
    if row.status == "pending":
        return [("DTTRAN", day)]
    return [("DTPOSTED", day)] if row.posted_date is None else [("DTPOSTED", f"{row.posted_date:%Y%m%d}"), ("DTUSER", day)]
