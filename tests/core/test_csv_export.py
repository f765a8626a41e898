"""CSV exports that no spreadsheet reads as formulas, whatever separator it uses, and whose texts can be restored."""

import csv
import json
import re
import time
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db.models import CharField, TextField, Value
from hypothesis import given, settings
from hypothesis import strategies as st

from core import csv_export
from core.postgres.copy_to import csv_expression
from users.models import User

FORMULA = "=cmd|' /C calc'!A0"
SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫−"
# white space, zero-width, control, format and other characters that are shown as nothing
SKIPPED = [" ", "\xa0", "\u3000", "\u2003", "\u200b", "\u200d", "\u2060", "\ufeff", "\u202e", "\xad", "\x00", "\x1b", "\x7f"]
SKIPPED += ["\x85", "\u2028", "\u034f", "\u180e", "\u3164", "\u2800", "\ufe0f", "\U000e0020", '"', "  \u200b \ufeff"]
BREAKS = [";", ",", "\t", "|", "\n", "\r", "\r\n", "\v", "\f", "\x1c", "\u2029"]
DANGEROUS = [
    *(sign + "1" for sign in SIGNS),
    *(skipped + FORMULA for skipped in SKIPPED),
    *(separator + FORMULA + separator for separator in BREAKS),
    *("text" + separator + skipped + "=1" for separator in BREAKS for skipped in SKIPPED),
    "'=1",
    "''=1",
    "a;'=1",
    '"=1',
    ';"=1";',
    "\tHYPERLINK(1)",
    "\rHYPERLINK(1)",
    "\nHYPERLINK(1)",
]
HARMLESS = [
    "",
    "Rent",
    "a=b",
    "1+1",
    "a - b",
    "e@example.com",
    "Müller; Söhne",
    "a, b",
    "it's",
    "'quoted'",
    "two\nlines",
    "日本",
]


def cells_of(line: str) -> Iterator[str]:
    """Yield the cells of a line as spreadsheets with several separators read it, with and without regard to quotes."""
    for separator in ";,\t|":
        for record in csv.reader(line.splitlines(keepends=True), delimiter=separator):
            yield from record
        for row in re.split("[\r\n\v\f]", line):
            yield from row.split(separator)


def is_formula(cell: str) -> bool:
    """Return True if the first visible character of a cell begins a formula."""
    skipped = re.match(r"""[\x00-\x20\x7f-\xa0\xad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"]*""", cell)
    return skipped is not None and cell[skipped.end() :].startswith(tuple(SIGNS))


def exported(text: str) -> str:
    """Return the line of a row with a text in the middle."""
    return list(csv_export.lines(["a", "b", "c"], [["first", text, "last"]]))[1]


@pytest.mark.parametrize("text", DANGEROUS, ids=ascii)
def test_no_cell_is_a_formula(text: str) -> None:
    assert [cell for cell in cells_of(exported(text)) if is_formula(cell)] == []
    assert csv_export.cell(text) != text


@pytest.mark.parametrize("text", HARMLESS, ids=ascii)
def test_a_harmless_text_is_unchanged(text: str) -> None:
    assert csv_export.cell(text) == text


@pytest.mark.parametrize("text", [*DANGEROUS, *HARMLESS], ids=ascii)
def test_the_text_can_be_restored(text: str) -> None:
    assert csv_export.restored(csv_export.cell(text)) == text


LETTERS = st.one_of(st.sampled_from(list("=+-@'\";,|\t\r\n \u200b\ufeffa1＝")), st.characters(codec="utf-8"))


@given(st.text(alphabet=LETTERS, max_size=30))
@settings(max_examples=500, deadline=None)
def test_every_text_is_safe_and_can_be_restored(text: str) -> None:
    assert csv_export.restored(csv_export.cell(text)) == text
    assert [cell for cell in cells_of(exported(text)) if is_formula(cell)] == []


@pytest.mark.parametrize("value", [Decimal("-12.50"), -7, -0.5])
def test_a_negative_number_stays_a_number(value: object) -> None:
    assert csv_export.cell(value) == str(value)


def test_a_text_inside_json_is_safe_and_stays_json() -> None:
    value = {"note": f";{FORMULA};", "list": [1, -3], "pipe": "a|=1"}
    cell = csv_export.cell(value)
    assert not {";", "|", "\t", "\n"} & set(cell)
    assert json.loads(cell) == value


@pytest.mark.parametrize("text", ["\t", "'", ";'", " ", ";", "\u200b", "' "], ids=ascii)
def test_a_long_text_takes_linear_time(text: str) -> None:
    start = time.process_time()
    csv_export.restored(csv_export.cell(text * 50_000 + "a"))
    assert time.process_time() - start < 2


@pytest.mark.django_db
@pytest.mark.parametrize("field", [CharField(), TextField()], ids=["char", "text"])
def test_postgresql_writes_the_same_cells(field: CharField, alice: User) -> None:
    texts = [text for text in [*DANGEROUS, *HARMLESS, ";'" * 5_000, "\t" * 5_000] if text and "\x00" not in text]
    for text in texts:
        expression = csv_expression(Value(text, output_field=TextField()), field)
        assert User.objects.values_list(expression, flat=True)[0] == csv_export.cell(text), ascii(text)
