"""Names of payees for the names of merchants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.payee_names import MAX_LENGTH, payee_name


@pytest.mark.parametrize(
    ("merchant", "payee"),
    [
        ("", ""),
        ("Coffee House", "Coffee House"),
        ("SQ *BLUE BOTTLE COFFEE #0123", "Blue Bottle Coffee"),
        ("TST* NOODLE BAR", "Noodle Bar"),
        ("PAYPAL *STEAM GAMES 4029357733", "Steam Games"),
        ("PAYPAL INST XFER *EBAY", "Ebay"),
        ("MCDONALD'S #112", "Mcdonald's"),
        ("7-ELEVEN 35231", "7-Eleven"),
        ("REWE FILIALE 0123", "Rewe"),
        ("SHELL OIL 57442 555-123-4567", "Shell Oil"),
        ("Amazon.com*2K3AB4CD5", "Amazon.com"),
        ("AMZN Mktp US*2K3AB4CD5", "AMZN Mktp"),
        ("H&M 0042", "H&M"),
        ("KFC", "KFC"),
        ("365", "365"),
        ("1234 5678", "1234 5678"),
        ("*", "*"),
        ("Route 66 Diner", "Route 66 Diner"),
        ("ÖBB 123", "ÖBB"),
        ("  SEVERAL   SPACES  ", "Several Spaces"),
    ],
)
def test_a_payee_is_named(merchant: str, payee: str) -> None:
    assert payee_name(merchant) == payee


@given(st.text(max_size=300))
def test_any_text_gives_a_valid_name(merchant: str) -> None:
    name = payee_name(merchant)
    assert len(name) <= MAX_LENGTH
    assert name == name.strip()
    assert bool(name) is bool(merchant.strip())
