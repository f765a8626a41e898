"""Linear time of the statement parsers on repetitive files."""

import pytest

from tests.contract.processor_time import grows_linearly
from tests.finance.statements.parse_helpers import read_or_refuse

OFX = "OFXHEADER:100\n\n<OFX><STMTRS><CURDEF>USD<BANKACCTFROM><ACCTID>1<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>"
ROW = "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260102<TRNAMT>-1.00<FITID>1<NAME>"
CSV = "Date,Description,Amount\n2026-01-02,x,1.00\n"
BEGINNINGS = {
    "empty": "",
    "csv": CSV,
    "a cell": CSV + "2026-01-02,",
    "a title": "Date,Amount,",
    "ofx": OFX,
    "a name": OFX + ROW,
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
KINDS += ['<A b="c"', "<A><B>", "<A>1</B>", "20260102", "<STMTTRN><NAME>x", "[", "T", "1,", "1.", "\x85"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_a_repetitive_file_takes_linear_time(beginning: str, kind: str) -> None:
    assert grows_linearly(lambda size: read_or_refuse((BEGINNINGS[beginning] + kind * (size // len(kind))).encode()), 100_000)
