"""The fast reader of plain transactions and the repaired tree agree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.statements.ofx_markup import plain_fields, tree

PIECES = [
    *("<STMTTRN>", "<STMTTRNP>", "</STMTTRN>", "<NAME>", "</NAME>", "<MEMO>", "</MEMO>", "<TRNAMT>", "<FITID>", "</FITID>"),
    *("<PAYEE>", "<CURRENCY>", "<CURSYM>", "<name>", "<X.Y>", "<JOHN>", "<NAME/>", '<NAME a="b">', "<![CDATA[", "]]>", "<!--"),
    *("<", ">", "&amp;", " ", "\n", "x", "-1.00", "20250115", "\0"),
]


@pytest.mark.parametrize(
    "fragment",
    [
        "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20250115<TRNAMT>-1<FITID>A<NAME>Shop",
        "<STMTTRN>\n<TRNTYPE>DEBIT</TRNTYPE>\n<TRNAMT> -1 </TRNAMT>\n<NAME>AT&amp;T</NAME>\n<NAME>other</NAME>",
        "<STMTTRN><NAME></NAME><MEMO>\n<FITID>A",
    ],
)
def test_a_plain_transaction_needs_no_tree(fragment: str) -> None:
    assert plain_fields(fragment) is not None


@settings(max_examples=2_000, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map(lambda pieces: "<STMTTRN>" + "".join(pieces)))
def test_both_readers_agree(fragment: str) -> None:
    fields = plain_fields(fragment)
    expected: dict[str, str] = {}
    for element in tree(fragment).iter():
        expected |= {element.tag: element.text} if element.text and element.tag not in expected else {}
    assert fields is None or fields == expected
