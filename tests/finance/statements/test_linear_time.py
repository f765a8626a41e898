"""Linear time of the statement parsers on repetitive files."""

import pytest

from tests.contract.processor_time import grows_linearly
from tests.finance.statements.parse_helpers import read_or_refuse

OFX = "OFXHEADER:100\n\n<OFX><STMTRS><CURDEF>USD<BANKACCTFROM><ACCTID>1<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>"
ROW = "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260102<TRNAMT>-1.00<FITID>1<NAME>"
CSV = "Date,Description,Amount\n2026-01-02,x,1.00\n"
CAMT = '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Acct><Ccy>EUR</Ccy></Acct>'
ENTRY = '<Ntry><Amt Ccy="EUR">1</Amt><CdtDbtInd>DBIT</CdtDbtInd><BookgDt><Dt>2026-01-02</Dt></BookgDt><NtryDtls><TxDtls>'
MT940 = ":20:A\n:25:1/2\n:28C:1\n:60F:C260301EUR1,\n:61:2603020302D1,NTRFNONREF\n"
BEGINNINGS = {
    "empty": "",
    "csv": CSV,
    "a cell": CSV + "2026-01-02,",
    "a title": "Date,Amount,",
    "ofx": OFX,
    "a name": OFX + ROW,
    "camt": CAMT,
    "an entry": CAMT + ENTRY,
    "mt940": MT940,
    "details": f"{MT940}:86:166?20",
    "qif": "!Type:Bank\n",
    "a record": "!Type:Bank\nD13/01/2026\nT-1.00\nP",
}
KINDS = [
    "a",
    "1",
    " ",
    "\n",
    ",",
    '"',
    '""',
    ',"',
    '"\n',
    "<",
    "<a",
    "<a>",
    "<a ",
    "<STMTTRN>",
    "</STMTTRN>",
    "<STMTRS>",
    "</a>",
]
KINDS += [
    "<NAME>x",
    "x<JOHN>",
    "x <A> ",
    "&",
    "&amp;",
    "<!--",
    "<![CDATA[",
    "2026-01-02,x,1.00\n",
    "(",
    "-",
    "'",
    "\t",
    ";",
    "\r",
    "é",
]
KINDS_OF_CAMT = ["<Ntry>", "<Ntry/>", "</Ntry>", "<Stmt>", "<TxDtls>", "<TxDtls></TxDtls>", "<Acct/>"]
KINDS_OF_LINES = [
    "?20",
    "?",
    "/REMI/",
    "SVWZ+",
    "\n:61:",
    "\n:86:",
    ":",
    "\n:61:2603020302D1,N",
    "//",
    "^\n",
    "\nS",
    "\n$1",
    "\n!",
    "/A",
]
KINDS += ['<A b="c"', "<A><B>", "<A>1</B>", "20260102", "<STMTTRN><NAME>x", "[", "T", "1,", "1.", "\x85"]


CASES = [(beginning, kind) for beginning in BEGINNINGS for kind in KINDS]
CASES += [(beginning, kind) for beginning in ("empty", "camt", "an entry") for kind in KINDS_OF_CAMT]
CASES += [(beginning, kind) for beginning in ("empty", "mt940", "details", "qif", "a record") for kind in KINDS_OF_LINES]


@pytest.mark.parametrize(("beginning", "kind"), CASES)
def test_a_repetitive_file_takes_linear_time(beginning: str, kind: str) -> None:
    assert grows_linearly(lambda size: read_or_refuse((BEGINNINGS[beginning] + kind * (size // len(kind))).encode()), 100_000)
