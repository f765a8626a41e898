"""CAMT documents of our own making."""

from dataclasses import dataclass

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
OWN_IBAN = "DE02120300000000202051"
OTHER_IBAN = "DE02500105170137075030"
ROOTS = {"053": ("BkToCstmrStmt", "Stmt"), "052": ("BkToCstmrAcctRpt", "Rpt"), "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn")}


@dataclass(frozen=True)
class Entry:
    """An entry; `version` 7 and later have `Sts/Cd` and `Pty`."""

    amount: str = "-12.50"
    day: str = "2026-03-02"
    text: str = "Invoice 17"
    payee: str = "Grocer Blue"
    id: str = "REF-0001"
    status: str = "BOOK"
    currency: str = "EUR"
    extra: str = ""


def entry(one: Entry = Entry(), *, version: int = 8) -> str:
    """Return an Ntry with the parties in their roles: the account holder pays debits and receives credits."""
    is_debit = one.amount.startswith("-")
    own, other = ("Dbtr", "Cdtr") if is_debit else ("Cdtr", "Dbtr")
    status = f"<Cd>{one.status}</Cd>" if version >= 7 else one.status
    return (
        f'<Ntry><Amt Ccy="{one.currency}">{one.amount.lstrip("-")}</Amt>'
        f"<CdtDbtInd>{'DBIT' if is_debit else 'CRDT'}</CdtDbtInd><Sts>{status}</Sts>{one.extra}"
        f"<BookgDt><Dt>{one.day}</Dt></BookgDt><ValDt><Dt>2026-03-09</Dt></ValDt><AcctSvcrRef>{one.id}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>E2E</EndToEndId></Refs><RltdPties>"
        f"{party(own, 'Ada Holder', OWN_IBAN, version)}{party(other, one.payee, OTHER_IBAN, version)}</RltdPties>"
        f"<RmtInf><Ustrd>{one.text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )


def party(role: str, name: str, iban: str, version: int = 8) -> str:
    named = f"<Nm>{name}</Nm>"
    inside = f"<Pty>{named}</Pty>" if version >= 8 else named
    return f"<{role}>{inside}</{role}><{role}Acct><Id><IBAN>{iban}</IBAN></Id></{role}Acct>"


def balance(kind: str, amount: str, day: str = "2026-03-31", currency: str = "EUR") -> str:
    sign = "DBIT" if amount.startswith("-") else "CRDT"
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{amount.lstrip("-")}</Amt>'
        f"<CdtDbtInd>{sign}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def statement(*parts: str, iban: str = OWN_IBAN, currency: str = "<Ccy>EUR</Ccy>", kind: str = "053") -> str:
    """Return a Stmt, Rpt or Ntfctn with `parts`: balances and entries."""
    name = ROOTS[kind][1]
    account = f"<Acct><Id><IBAN>{iban}</IBAN></Id>{currency}<Ownr><Nm>Ada Holder</Nm></Ownr></Acct>"
    return f"<{name}><Id>S1</Id><CreDtTm>2026-04-01T08:00:00</CreDtTm>{account}{''.join(parts)}</{name}>"


def document(*statements: str, kind: str = "053", version: int = 8) -> str:
    root = ROOTS[kind][0]
    space = f"urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version:02}"
    group = "<GrpHdr><MsgId>M1</MsgId></GrpHdr>"
    return f'{HEAD}<Document xmlns="{space}"><{root}>{group}{"".join(statements)}</{root}></Document>'
