"""Corrections of earlier transactions: CORRECTFITID with CORRECTACTION."""

import pytest

from finance.statements.rows import Correction
from tests.finance.statements.parse_helpers import ofx, read, transaction


def _corrected(markup: str, amount: str = "-7.50") -> str:
    return transaction(amount, fitid="NEW", rest=f"{markup}<NAME>Shop")


@pytest.mark.parametrize(
    ("markup", "correction"),
    [
        ("<CORRECTFITID>OLD<CORRECTACTION>REPLACE", Correction("replace", "OLD")),
        ("<CORRECTFITID>OLD<CORRECTACTION>replace", Correction("replace", "OLD")),
        ("<CORRECTACTION>REPLACE<CORRECTFITID>OLD", Correction("replace", "OLD")),
        ("<CORRECTFITID>OLD", Correction("replace", "OLD")),
        ("<CORRECTFITID>&amp;OLD<CORRECTACTION>REPLACE", Correction("replace", "&OLD")),
        ("<CORRECTFITID>NEW<CORRECTACTION>REPLACE", Correction("replace", "NEW")),
        ("<CORRECTFITID>NEW", None),
        ("<CORRECTFITID>0000", None),
        ("<CORRECTFITID><CORRECTACTION>", None),
        ("", None),
    ],
)
def test_a_correction_names_the_earlier_transaction(markup: str, correction: Correction | None) -> None:
    [row] = read(ofx(_corrected(markup))).rows
    assert (row.correction, str(row.amount), row.provider_id) == (correction, "-7.50", "NEW")


@pytest.mark.parametrize("amount", ["-7.50", "0.00", "0", "", "n/a", "1.005"])
def test_a_deletion_needs_no_amount(amount: str) -> None:
    reading = read(ofx(transaction(), _corrected("<CORRECTFITID>OLD<CORRECTACTION>DELETE", amount)))
    assert reading.errors == []
    row = reading.rows[1]
    assert (row.correction, str(row.amount), row.date.isoformat()) == (Correction("delete", "OLD"), "0.00", "2025-01-15")
    assert (row.provider_id, row.merchant_name, row.currency) == ("NEW", "Shop", "USD")


def test_a_deletion_without_a_day_has_the_statements_last() -> None:
    content = ofx("<STMTTRN><CORRECTFITID>OLD<CORRECTACTION>DELETE</STMTTRN>")
    [row] = read(content).rows
    assert (row.correction, row.date.isoformat()) == (Correction("delete", "OLD"), "2025-01-31")
    no_end = content.replace("<DTEND>20250131", "").replace("<DTASOF>20250131", "")
    assert read(no_end).codes == [(1, "missing_date")]


@pytest.mark.parametrize(
    ("markup", "code"),
    [
        ("<CORRECTACTION>REPLACE", "correction_without_id"),
        ("<CORRECTACTION>DELETE", "correction_without_id"),
        ("<CORRECTFITID>0<CORRECTACTION>DELETE", "correction_without_id"),
        ("<CORRECTFITID>OLD<CORRECTACTION>CANCEL", "unknown_correction"),
    ],
)
def test_an_unclear_correction_is_no_transaction(markup: str, code: str) -> None:
    reading = read(ofx(transaction(), _corrected(markup)))
    assert [(error.number, error.field, error.code) for error in reading.errors] == [(2, "correction", code)]
    assert len(reading.rows) == 1


def test_the_corrected_id_is_as_long_as_an_id() -> None:
    assert read(ofx(_corrected(f"<CORRECTFITID>{'x' * 256}<CORRECTACTION>DELETE"))).codes == [(1, "provider_id_too_long")]


def test_a_replacement_still_needs_an_amount() -> None:
    assert read(ofx(_corrected("<CORRECTFITID>OLD<CORRECTACTION>REPLACE", "0"))).codes == [(1, "zero_amount")]
