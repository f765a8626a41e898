"""Statements of real banks, if the corpus is beside the repository, and the small ones in `files`."""

from pathlib import Path

import pytest

from finance.statements.rows import StatementError
from tests.finance.statements.parse_helpers import read

FILES = Path(__file__).parent / "files"
CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "ofx"

EXPECTED = {
    "bank_medium.ofx": (
        ["2009-04-01", "2009-04-02", "2009-04-03"],
        ["-6.60", "-316.67", "-22.00"],
        {"CAD"},
        "382.34",
    ),
    "checking.ofx": (["2011-03-31", "2011-04-05", "2011-04-07"], ["0.01", "-34.51", "-25.00"], {"USD"}, "100.99"),
    "suncorp.ofx": (["2013-12-15"], ["-16.85"], {"AUD"}, "1234.12"),
    "card_pending.ofx": (["2025-01-10", "2025-01-12", "2025-01-13"], ["-45.20", "120.00", "-9.99"], {"EUR"}, "-311.05"),
    "hasty.qfx": (["2025-02-03", "2025-02-04"], ["-1234.50", "2000.00"], {"USD"}, "765.50"),
}
PATHS = sorted(path for folder in (FILES, CORPUS) for path in folder.glob("*.[oq]f[x]"))


@pytest.mark.parametrize("path", [path for path in PATHS if path.name in EXPECTED], ids=lambda path: path.name)
def test_it_reads_the_statement_of_a_bank(path: Path) -> None:
    dates, amounts, currencies, closing = EXPECTED[path.name]
    reading = read(path.read_bytes(), filename=path.name)
    assert reading.errors == []
    assert reading.dates == dates
    assert reading.amounts == amounts
    assert {row.currency for row in reading.rows} == currencies
    assert str(reading.statement.balances.closing) == closing


@pytest.mark.parametrize("path", [path for path in PATHS if path.name not in EXPECTED], ids=lambda path: path.name)
def test_it_refuses_a_file_without_a_statement(path: Path) -> None:
    with pytest.raises(StatementError) as refusal:
        read(path.read_bytes(), filename=path.name)
    assert refusal.value.code == "no_statement"


def test_every_field_of_a_row_is_read() -> None:
    [first, *_] = read((FILES / "card_pending.ofx").read_bytes()).rows
    assert first.merchant_name == "Café “L'Étoile” & Fils"
    assert first.description == "Café “L'Étoile” & Fils - Paris 2e"
    assert first.provider_id == "2025011000001"
    assert first.posted_date is not None
    assert first.posted_date.isoformat() == "2025-01-11"
    assert first.transaction_type == "expense"


def test_a_pending_transaction_has_no_id_and_no_posting_day() -> None:
    pending = read((FILES / "card_pending.ofx").read_bytes()).rows[-1]
    assert pending.is_pending
    assert pending.provider_id == ""
    assert pending.posted_date is None


def test_a_name_ending_in_qfx_is_reported_as_qfx() -> None:
    assert read((FILES / "hasty.qfx").read_bytes(), filename="hasty.QFX").statement.format == "qfx"
