"""Files and fields of a move that are refused, with the name of the field."""

import pytest
from django.conf import LazySettings

from tests.finance.moves.app_files import actual_file, actual_row, ynab_file, ynab_row
from tests.finance.moves.conftest import Send, error

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fields", "attr", "code"),
    [
        ({"accounts": "{"}, "accounts", "invalid_json"),
        ({"accounts": "[1]"}, "accounts", "invalid_json"),
        ({"categories": '{"Food": 1}'}, "categories", "invalid"),
        ({"categories": '{"Food": ""}'}, "categories", "invalid"),
        ({"currency": "XXY"}, "currency", "invalid_choice"),
        ({"date_order": "year"}, "date_order", "invalid_choice"),
        ({"date_order": "day_first"}, "date_order", "wrong_date_order"),
        ({"dry_run": "perhaps"}, "dry_run", "invalid"),
        ({"color": "red"}, "color", "unknown_field"),
    ],
)
def test_a_wrong_field_is_named(send: Send, fields: dict[str, str], attr: str, code: str) -> None:
    assert error(send(ynab_file(ynab_row(date="03/15/2025", out="$1.00")), **fields)) == (400, attr, code)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(200), "not_a_statement"),
        (b"Date,Amount\n2025-01-01,1.00\n", "unknown_app"),
        (b"PK\x03\x04 no archive", "unknown_app"),
        (actual_file(), "no_rows"),
    ],
    ids=["empty", "jpeg", "bank", "zip", "no-rows"],
)
def test_another_file_is_refused(send: Send, content: bytes, code: str) -> None:
    assert error(send(content)) == (400, "file", code)


def test_more_than_100_accounts_are_refused(send: Send) -> None:
    rows = [actual_row(f"Account {number}") for number in range(101)]
    assert error(send(actual_file(*rows))) == (400, "file", "too_many_accounts")


def test_too_many_rows_are_refused(send: Send, settings: LazySettings) -> None:
    settings.IMPORT_MAX_ROWS = 3
    assert error(send(actual_file(*[actual_row()] * 4))) == (400, "file", "too_many_rows")


def test_a_file_over_the_limit_is_413(send: Send, settings: LazySettings) -> None:
    settings.IMPORT_MAX_BYTES = 2_000
    assert send(actual_file(*[actual_row()] * 100)).status_code == 413
