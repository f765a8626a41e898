"""Fuzz tests: any upload returns rows, errors of rows or one StatementError."""

from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finance.statements.encoding_names import NAMES
from finance.statements.row_validation import Draft, checked
from finance.statements.rows import BrokenCellError, StatementRow
from finance.statements.text_options import DATE_ORDERS, DECIMALS
from tests.finance.statements.camt_files import balance, entry
from tests.finance.statements.camt_files import document as camt_document
from tests.finance.statements.camt_files import statement as camt_statement
from tests.finance.statements.mt940_files import line, message
from tests.finance.statements.parse_helpers import is_sound, ofx, read_or_refuse, transaction
from tests.finance.statements.test_csv_dialects import BANKS
from tests.finance.statements.workbook_files import ods, xlsx

FILES = Path(__file__).parent / "files"
TABLE = [("Date", "Description", "Amount"), (date(2026, 3, 2), "Grocer Blue", -12.5), (date(2026, 3, 13), "Mail Order", 20.0)]
OTHERS = [
    camt_document(camt_statement(balance("OPBD", "100"), entry(), entry(), balance("CLBD", "75"))),
    message(line(), ":86:166?00X?20SVWZ+Invoice 17?32Grocer Blue", line("RC20,"), ":86:/BENM//NAME/X/REMI/Y/"),
    "!Account\nNA\n^\n!Type:Bank\nD13/01'26\nT-12.50\nPGrocer\nSFood\n$-12.50\n^\n!Type:Invst\nD1/1/26\nNBuy\n^\n",
]
GOOD = [path.read_bytes() for path in sorted(FILES.iterdir())] + [content.encode() for content in (*BANKS.values(), *OTHERS)]
GOOD += [xlsx(TABLE), ods(TABLE)]
SNIPPETS = [
    *(b"<", b">", b"&", b"</STMTTRN>", b"<STMTTRN>", b"<![CDATA[", b"]]>", b"<!--", b"<OFX>"),
    *(b'"', b'""', b"\n", b"\r", b"\0", b"\x1a", b"\t", b";", b",", b"=1"),
    *(b"<Ntry>", b"</Ntry>", b"&x;", b"?20", b"/REMI/", b"\n:61:", b"\n:62F:", b"\n^\n", b"\n!Type:", b"\n$"),
    *(b"NaN", b"1e400", b"0000", b"99999999999", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe2\x80"),
]


quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


keys = st.text() | st.sampled_from(["date", "amount", "debit", "date_format", "decimal", "delimiter"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(keys, each),
)
drafts = st.builds(
    Draft,
    number=st.integers(1),
    date=st.dates(),
    amount=st.decimals(),
    currency=st.text(max_size=4) | st.just("EUR"),
    description=st.text(),
    merchant_name=st.text(),
    provider_id=st.text(),
    posted_date=st.none() | st.dates(),
    is_pending=st.booleans(),
    kind=st.sampled_from(["", "income", "expense", "transfer", "refund", "fee", "x"]),
    category=st.text(),
)


@quick
@given(st.binary(max_size=2_000))
def test_random_bytes(content: bytes) -> None:
    assert is_sound(read_or_refuse(content))


@quick
@given(st.text(max_size=2_000), st.sampled_from(["utf-8", "utf-16", "utf-16-le", "gb18030"]))
def test_random_text(content: str, encoding: str) -> None:
    assert is_sound(read_or_refuse(content.encode(encoding, "surrogatepass" if encoding != "gb18030" else "replace")))


@quick
@given(st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=5), max_size=12), st.sampled_from(",;\t|"))
def test_random_tables_under_a_good_header(rows: list[list[str]], delimiter: str) -> None:
    header = delimiter.join(("Date", "Description", "Amount", "Balance", "Status", "Type"))
    content = "\n".join([header, *(delimiter.join(row) for row in rows)])
    assert is_sound(read_or_refuse(content.encode("utf-8", "replace")))


@quick
@given(
    st.lists(
        st.tuples(st.sampled_from(["TRNAMT", "DTPOSTED", "NAME", "FITID", "CURSYM", "MEMO"]), st.text(max_size=20)), max_size=8
    )
)
def test_random_values_in_good_markup(values: list[tuple[str, str]]) -> None:
    markup = "".join(f"<{tag}>{value}" for tag, value in values)
    assert is_sound(read_or_refuse(ofx(f"<STMTTRN>{markup}</STMTTRN>", transaction()).encode("utf-8", "replace")))


@st.composite
def mutated_files(draw: st.DrawFn) -> bytes:
    """Draw a good file with up to six cuts, repetitions and insertions."""
    content = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(len(content), start + 200)))
        insert = draw(st.sampled_from([*SNIPPETS, content[start:end] * 2]) | st.binary(max_size=8))
        content = content[:start] + insert + content[end:]
    return content


@settings(quick, max_examples=400)
@given(
    mutated_files(),
    st.sampled_from([None, {"date": 0, "amount": 1}, {"date": "Date"}, {"decimal": ","}, {"date_format": "%d/%m/%y"}]),
)
def test_mutated_files(content: bytes, mapping: dict[str, object] | None) -> None:
    assert is_sound(read_or_refuse(content, mapping=mapping))


@settings(quick, max_examples=400)
@given(
    mutated_files(),
    st.fixed_dictionaries(
        {
            "encoding": st.sampled_from(["", *NAMES]) | st.text(max_size=50),
            "date_order": st.sampled_from(["", *DATE_ORDERS]),
            "decimal": st.sampled_from(["", *DECIMALS]),
            "invert": st.booleans(),
        }
    ),
)
def test_mutated_files_with_any_options(content: bytes, options: dict[str, Any]) -> None:
    assert is_sound(read_or_refuse(content, **options))


@quick
@given(json_values)
def test_any_mapping(mapping: object) -> None:
    assert is_sound(read_or_refuse(b"Date,Description,Amount\n2025-01-13,Shop,-1.00\n", mapping=mapping))


@given(drafts)
def test_any_draft_is_a_row_or_breaks_a_rule(draft: Draft) -> None:
    with suppress(BrokenCellError):
        assert isinstance(checked(draft), StatementRow)


@pytest.mark.parametrize("content", GOOD)
def test_a_good_file_cut_anywhere_is_still_sound(content: bytes) -> None:
    cuts = range(0, len(content), max(1, len(content) // 60))
    assert all(is_sound(read_or_refuse(content[:cut])) for cut in cuts)
