"""Detection of a file's format by its content, independent of its name."""

import pytest

from finance.statements.rows import Limits, StatementError
from tests.finance.statements.parse_helpers import ofx, read, transaction

CSV = "Date,Description,Amount\n2025-01-13,Shop,-1.00\n"


@pytest.mark.parametrize("filename", ["a.csv", "a.ofx", "a.jpg", ""])
def test_the_name_decides_nothing(filename: str) -> None:
    assert read(CSV, filename=filename).statement.format == "csv"
    assert read(ofx(transaction()), filename=filename).statement.format == "ofx"


@pytest.mark.parametrize(("chosen", "reported"), [("auto", "ofx"), ("ofx", "ofx"), ("qfx", "qfx")])
def test_ofx_may_be_chosen(chosen: str, reported: str) -> None:
    assert read(ofx(transaction()), format=chosen).statement.format == reported


@pytest.mark.parametrize(("content", "chosen"), [(CSV, "ofx"), (CSV, "qfx"), (ofx(), "csv")])
def test_a_wrong_choice_is_refused(content: str, chosen: str) -> None:
    with pytest.raises(StatementError) as refusal:
        read(content, format=chosen)
    assert refusal.value.code == "wrong_format"


def test_an_unknown_format_is_refused_with_those_known() -> None:
    with pytest.raises(StatementError, match="auto, ofx, qfx, camt, mt940, qif, csv") as refusal:
        read(CSV, format="xls")
    assert refusal.value.code == "unknown_format"


@pytest.mark.parametrize(
    ("content", "code", "kind"),
    [
        ("<!DOCTYPE html><html>", "not_a_statement", "web page"),
        ("<html><body>Please log in", "not_a_statement", "web page"),
        (
            '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03">',
            "not_a_statement",
            "ISO 20022 message",
        ),
        ('<?xml version="1.0"?><svg/>', "not_a_statement", "XML"),
        (":61:2603020302D12,50NTRFNONREF\n:86:Grocer Blue\n", "not_a_statement", "part of an MT940 message"),
        ('{"rows": []}', "not_a_statement", "JSON"),
        ("Dear customer", "not_a_statement", "not a bank statement"),
    ],
)
def test_it_names_an_unsupported_format(content: str, code: str, kind: str) -> None:
    with pytest.raises(StatementError, match=kind) as refusal:
        read(content)
    assert refusal.value.code == code


@pytest.mark.parametrize("content", [b"", b" \r\n\t ", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file_is_refused(content: bytes) -> None:
    with pytest.raises(StatementError) as refusal:
        read(content)
    assert refusal.value.code == "empty"


def test_it_names_the_size_limit() -> None:
    with pytest.raises(StatementError, match="at most 10 are accepted") as refusal:
        read(CSV, limits=Limits(max_bytes=10))
    assert refusal.value.code == "too_large"
