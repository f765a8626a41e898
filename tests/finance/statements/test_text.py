"""Cleaning of text for display and storage, and normalization for duplicate detection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.statements.text import clean_text, normalize_text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  a \t b\u00a0\n c ", "a b c"),
        ("a\0b\x01\x7f\x9f", "ab"),
        ("a&amp;b &lt;c&gt; &#39;d&#x27; &eacute;", "a&b <c> 'd' é"),
        ("AT&T &copy &unknown;", "AT&T &copy &unknown;"),
        ("\ufeffa\u202eb\u200b", "ab"),
        ("👩‍👩‍👧 क्षि", "👩‍👩‍👧 क्षि"),
    ],
)
def test_text_is_cleaned(text: str, clean: str) -> None:
    assert clean_text(text, 100) == clean


def test_text_is_cut_without_a_space_at_the_end() -> None:
    assert clean_text("ab cd", 3) == "ab"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("McDonald's #112", "MCDONALD S   112"),
        ("Café", "Cafe\u0301"),
        ("ＡＢＣ　１２", "abc 12"),
        ("Straße", "STRASSE"),
        ("A-B_C/D", "a b c d"),
        ("ﬁnance", "FINANCE"),
        ("...x!", "x"),
    ],
)
def test_two_spellings_of_one_text_are_equal(one: str, other: str) -> None:
    assert normalize_text(one) == normalize_text(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Shop 1", "Shop 2"), ("Café", "Cafe"), ("कि", "का"), ("Shop", "Shops"), ("a b", "ab")]
)
def test_different_texts_stay_different(one: str, other: str) -> None:
    assert normalize_text(one) != normalize_text(other)


@given(st.text())
def test_normalization_is_idempotent(text: str) -> None:
    once = normalize_text(text)
    assert normalize_text(once) == once


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_the_fast_path_for_ascii_returns_the_same(text: str) -> None:
    assert normalize_text(text) == normalize_text(text + "\u2014")


@given(st.text(), st.integers(1, 50))
def test_clean_text_is_short_and_printable(text: str, limit: int) -> None:
    clean = clean_text(text, limit)
    assert len(clean) <= limit
    assert clean == clean.strip()
    assert "\0" not in clean
    assert not any("\ud800" <= character <= "\udfff" for character in clean)
