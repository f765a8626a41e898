"""Statements in the encodings that banks use, and files that are no text."""

import codecs

import pytest

from finance.statements.rows import StatementError
from finance.statements.signatures import REMEDY
from tests.finance.statements.parse_helpers import ofx, read, transaction

WESTERN = "Date;Libellé;Montant\n13/01/2025;Café Müller Señor Ærø;-1,00\n14/01/2025;Façade à Köln;2,00\n"
CHINESE = "交易日期,摘要,金额\n2025-01-13,超市购物消费,-12.50\n2025-01-14,工资收入转账,5000.00\n"
JAPANESE = "日付,摘要,金額\n2025-01-13,スーパー買い物,-1250\n2025-01-14,給与振込,500000\n"
KOREAN = "거래일자,적요,금액\n2025-01-13,슈퍼마켓 결제,-12500\n2025-01-14,급여이체,5000000\n"


@pytest.mark.parametrize(
    ("content", "encoding", "text"),
    [
        (WESTERN, "utf-8", "Café Müller Señor Ærø"),
        (WESTERN, "utf-8-sig", "Café Müller Señor Ærø"),
        (WESTERN, "utf-16", "Café Müller Señor Ærø"),
        (WESTERN, "utf-16-le", "Café Müller Señor Ærø"),
        (WESTERN, "utf-16-be", "Café Müller Señor Ærø"),
        (WESTERN, "cp1252", "Café Müller Señor Ærø"),
        (WESTERN, "iso-8859-1", "Café Müller Señor Ærø"),
        (WESTERN.replace("Café", "€ “x”"), "cp1252", "€ “x” Müller Señor Ærø"),
        (CHINESE, "utf-8", "超市购物消费"),
        (CHINESE, "utf-16", "超市购物消费"),
        (CHINESE, "gb18030", "超市购物消费"),
        (CHINESE, "gbk", "超市购物消费"),
        (JAPANESE, "euc_jp", "スーパー買い物"),
        (JAPANESE, "shift_jis", "スーパー買い物"),
        (KOREAN, "euc_kr", "슈퍼마켓 결제"),
        (KOREAN, "utf-16-le", "슈퍼마켓 결제"),
    ],
)
def test_a_csv_file_is_read_in_its_encoding(content: str, encoding: str, text: str) -> None:
    reading = read(content.encode(encoding))
    assert reading.errors == []
    assert reading.rows[0].description == text


def test_utf16_with_a_big_endian_mark_is_read() -> None:
    assert read(codecs.BOM_UTF16_BE + WESTERN.encode("utf-16-be")).rows[1].description == "Façade à Köln"


def test_a_single_accent_may_be_at_the_end_of_a_large_file() -> None:
    content = (
        WESTERN.replace("é", "e").encode("cp1252") + b"15/01/2025;x;1,00\n" * 20_000 + "15/01/2025;né;1,00\n".encode("cp1252")
    )
    assert read(content).rows[-1].description == "né"


def test_one_damaged_byte_costs_one_character() -> None:
    content = WESTERN.encode().replace(b"Fa\xc3\xa7ade", b"Fa\xe7ade")
    rows = read(content).rows
    assert [row.description for row in rows] == ["Café Müller Señor Ærø", "Fa\ufffdade à Köln"]


@pytest.mark.parametrize(
    ("header", "encoding", "name"),
    [
        ("OFXHEADER:100\nENCODING:USASCII\nCHARSET:1252\n", "cp1252", "Café Müller"),
        ("OFXHEADER:100\nENCODING:USASCII\nCHARSET:ISO-8859-1\n", "latin-1", "Café Müller"),
        ("OFXHEADER:100\nENCODING:USASCII\nCHARSET:1252\n", "utf-8", "Café Müller"),
        ("OFXHEADER:100\nENCODING:UTF-8\nCHARSET:NONE\n", "utf-8", "Café Müller"),
        ("OFXHEADER:100\nENCODING:UNICODE\nCHARSET:NONE\n", "utf-16", "Café Müller"),
        ("OFXHEADER:100\nENCODING:USASCII\nCHARSET:1251\n", "cp1251", "Пятёрочка"),
        ("OFXHEADER:100\nENCODING:USASCII\nCHARSET:1250\n", "cp1250", "Žižkov"),
        ("OFXHEADER:100\nENCODING:GB18030\n", "gb18030", "超市"),
        ('<?xml version="1.0" encoding="EUC-KR"?>\n', "euc_kr", "슈퍼마켓"),
        ('<?xml version="1.0" encoding="no-such"?>\n', "cp1252", "Café"),
        ("OFXHEADER:100\nENCODING:USASCII\nCHARSET:1252\n", "euc_kr", "슈퍼마켓 결제 급여이체 생활용품"),
    ],
)
def test_ofx_is_read_in_the_encoding_that_it_declares(header: str, encoding: str, name: str) -> None:
    content = ofx(transaction(rest=f"<NAME>{name}"), header=header)
    assert read(content.encode(encoding)).rows[0].merchant_name == name


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a JPEG picture"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"GIF89a", "a GIF picture"),
        (b"PK\x03\x04 xl/workbook.xml", "a broken Excel workbook (.xlsx)"),
        (b"PK\x03\x04 word/document.xml", "a Word document"),
        (b"PK\x03\x04", "a zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls) or one with a password"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"\x00\x00\x00\x18ftypheic", "a picture or a video"),
        (bytes(range(32)) * 100, "a binary file"),
        (b"a\x00\x00\x00" * 100, "a binary file"),
    ],
)
def test_it_names_the_type_of_a_binary_file(content: bytes, kind: str) -> None:
    with pytest.raises(StatementError) as refusal:
        read(content, filename="statement.ofx")
    assert refusal.value.code == "not_a_statement"
    assert refusal.value.message == f"This is {kind}, not a bank statement. {REMEDY}"
