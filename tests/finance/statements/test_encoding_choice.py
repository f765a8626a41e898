"""Encodings that are guessed, with a warning where the bytes do not decide, and the option `encoding`."""

import codecs

import pytest

from finance.statements.encoding_names import NAMES, known_codec
from finance.statements.rows import StatementError
from tests.finance.statements.languages import IN_USE, TEXTS
from tests.finance.statements.parse_helpers import ofx, read, transaction


def csv(*texts: str) -> str:
    rows = [f"2025-01-{number % 31 + 1:02},-{number + 1}.00,{text}" for number, text in enumerate(texts)]
    return "\n".join(["Date,Amount,Description", *rows, ""])


@pytest.mark.parametrize(("language", "encoding"), IN_USE)
def test_five_texts_are_read_right(language: str, encoding: str) -> None:
    reading = read(csv(*TEXTS[language]).encode(encoding))
    assert [row.description for row in reading.rows] == TEXTS[language]


@pytest.mark.parametrize(("language", "encoding"), [*IN_USE, ("hebrew", "cp1255")])
@pytest.mark.parametrize("number", range(5))
def test_one_text_is_right_or_warned_about(language: str, encoding: str, number: int) -> None:
    text = TEXTS[language][number]
    reading = read(csv(text).encode(encoding))
    is_right = [row.description for row in reading.rows] == [text]
    assert is_right or [warning.code for warning in reading.statement.warnings] == ["encoding_guessed"]


@pytest.mark.parametrize("count", [1, 2, 50])
@pytest.mark.parametrize("text", ["ßäßññX", "Shop ßäßññX", "eiÜo", "ßÜnib", "Ñ ß ä", "éé ßöß", "üäö ñ"])
def test_repeating_a_text_is_no_proof(text: str, count: int) -> None:
    reading = read(csv(*[text] * count).encode("cp1252"))
    is_right = {row.description for row in reading.rows} == {text}
    assert is_right or [warning.code for warning in reading.statement.warnings] == ["encoding_guessed"]


def test_the_warning_has_the_texts_and_the_option() -> None:
    [warning] = read(csv("Rød", "Blå", "Tea", "Rød").encode("cp1252")).statement.warnings
    assert warning.code == "encoding_guessed"
    assert "“Rød” (or “Rřd”)" in warning.message
    assert warning.message.count("(or ") == 2
    assert "read as windows-1252" in warning.message
    assert "encoding=windows-1250" in warning.message


def test_the_warning_has_at_most_five_texts() -> None:
    [warning] = read(csv(*[f"Rød {number}" for number in range(5)], "Grå", "Hø").encode("cp1252")).statement.warnings
    assert warning.message.count("(or ") == 5


@pytest.mark.parametrize(
    "content",
    [
        csv("Tea").encode(),
        csv("Łódź").encode(),
        csv("Łódź").encode("utf-8-sig"),
        csv("Łódź").encode("utf-16"),
        csv("Łódź").encode("utf-16-le"),
        ofx(transaction(rest="<NAME>Łódź Źródło"), header="OFXHEADER:100\nENCODING:USASCII\nCHARSET:1250\n").encode("cp1250"),
        ofx(transaction(rest="<NAME>Ærø"), header="OFXHEADER:100\nENCODING:USASCII\nCHARSET:1252\n").encode("cp1252"),
        ofx(transaction(rest="<NAME>Rød"), header='<?xml version="1.0" encoding="ISO-8859-1"?>\n').encode("cp1252"),
    ],
    ids=["ascii", "utf-8", "mark", "utf-16", "utf-16-le", "declared-1250", "declared-1252", "declared-xml"],
)
def test_what_is_certain_is_no_warning(content: bytes) -> None:
    assert read(content).statement.warnings == ()


def test_texts_that_no_encoding_changes_are_no_warning() -> None:
    assert read(csv("Müller", "Käse").encode("cp1252")).statement.warnings == ()


def test_a_wrong_declaration_is_a_warning() -> None:
    header = "OFXHEADER:100\nENCODING:USASCII\nCHARSET:1252\n"
    names = "".join(transaction(fitid=f"K{number}", rest=f"<NAME>{text}") for number, text in enumerate(TEXTS["polish"]))
    reading = read(ofx(names, header=header).encode("cp1250"))
    assert [row.merchant_name for row in reading.rows] == TEXTS["polish"]
    assert [warning.code for warning in reading.statement.warnings] == ["encoding_guessed"]


def test_a_refusal_after_a_guess_names_the_option() -> None:
    with pytest.raises(StatementError, match="send encoding=") as refused:
        read("Rø;Beløb;Note\n2025-01-01;x;Rød\n".encode("cp1252"))
    assert refused.value.code == "unknown_columns"


@pytest.mark.parametrize(("language", "encoding"), IN_USE)
def test_an_encoding_can_be_sent(language: str, encoding: str) -> None:
    reading = read(csv(*TEXTS[language]).encode(encoding), encoding=encoding)
    assert [row.description for row in reading.rows] == TEXTS[language]
    assert reading.statement.warnings == ()


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_a_codec(name: str) -> None:
    assert codecs.lookup(known_codec(name))


@pytest.mark.parametrize(
    ("content", "encoding", "text"),
    [
        (csv("Łódź").encode("utf-8-sig"), "utf-8", "Łódź"),
        (csv("Łódź").encode("utf-16"), "utf-16", "Łódź"),
        (csv("Łódź").encode("utf-16-le"), "utf-16", "Łódź"),
        (codecs.BOM_UTF16_BE + csv("Łódź").encode("utf-16-be"), "utf-16-be", "Łódź"),
        (csv("Łódź").encode("cp1250"), "Windows-1250", "Łódź"),
        (csv("Łódź").encode("cp1250"), "1250", "Łódź"),
        (csv("Łódź").encode("cp852"), "ibm852", "Łódź"),
        (csv("Größe").encode("cp850"), "IBM850", "Größe"),
        (csv("Tea").encode(), "gb18030", "Tea"),
        (ofx(transaction(rest="<NAME>Łódź"), header="OFXHEADER:100\nCHARSET:1252\n").encode("cp1250"), "cp1250", "Łódź"),
    ],
)
def test_names_and_marks_are_understood(content: bytes, encoding: str, text: str) -> None:
    assert read(content, encoding=encoding).rows[0].description == text


@pytest.mark.parametrize(
    ("content", "encoding", "code"),
    [
        (csv("Tea").encode(), "klingon", "unknown_encoding"),
        (csv("Tea").encode(), "zlib", "unknown_encoding"),
        (csv("Tea").encode(), "\0", "unknown_encoding"),
        (csv("Łódź").encode("cp1250"), "utf-8", "wrong_encoding"),
        (csv("Łódź").encode("utf-16"), "utf-8", "wrong_encoding"),
        (csv("Łódź").encode("utf-8-sig"), "windows-1250", "wrong_encoding"),
        (csv("Tea").encode(), "utf-16", "wrong_encoding"),
    ],
)
def test_an_encoding_that_cannot_be_is_refused(content: bytes, encoding: str, code: str) -> None:
    with pytest.raises(StatementError) as refused:
        read(content, encoding=encoding)
    assert refused.value.code == code
    assert "encoding" in refused.value.message


def test_an_unknown_encoding_lists_the_known_ones() -> None:
    with pytest.raises(StatementError, match="windows-1250, windows-1251") as refused:
        read(csv("Tea"), encoding="klingon")
    assert "“klingon”" in refused.value.message


def test_one_damaged_byte_does_not_refuse_the_encoding() -> None:
    content = csv("Łódź", "Źródło", "Żabka").encode().replace("Ż".encode(), b"\xff")
    assert read(content, encoding="utf-8").rows[0].description == "Łódź"
