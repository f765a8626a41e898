"""Export files written by PostgreSQL, compared with the same rows written by Python."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from rest_framework.test import APIClient

from core import csv_export
from dev.factories import AccountFactory, TransactionFactory
from finance import exports
from finance.models import FinancialTransaction
from users.models import User

EXPORT = "/api/v1/finance/transactions/export/"
KEYS = {"financial_profile": "financial_profile_id"}
TEXTS = [
    "",
    " ",
    "plain",
    'a "quoted" word',
    "comma, semicolon; end",
    "two\nlines",
    "old Mac\rline",
    "Windows\r\nline",
    "tab\tinside",
    "back\\slash \\. \\N \\n",
    "\\.",
    "\\N",
    "NULL",
    "null",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@x",
    "\ttab first",
    "\rreturn first",
    "\nline first",
    "＝full width",
    "a;=1",
    "a;\u200b=1",
    "\u200b+1",
    "'=1",
    "x\t'@y",
    "'apostrophe",
    '"',
    '""',
    ",",
    "bell\x07 unit\x1f delete\x7f \x02 \x03",
    "Café 日本 \U0001f600 e\u0301 \u2028 \ufeff",
    "</script> / & <",
]
OBJECTS: list[dict[str, Any]] = [
    {},
    {"a": {"b": [1, 2.5, -3, True, None, 'x, "y" \\ \n \t \x07 é \u2028']}, "": []},
    {"=1": "=cmd", "a;=1": ";=cmd|' /C calc'!A0;", "long": "z" * 300, "big": 10**30, "half": 0.5, "whole": 1.0},
]


def written_by_python(rows: list[FinancialTransaction], fields: list[str]) -> bytes:
    """Write Django's rows with the modules `csv` and `json`."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(fields)
    writer.writerows([[csv_export.cell(getattr(row, KEYS.get(name, name))) for name in fields] for row in rows])
    return b"\xef\xbb\xbf" + file.getvalue().encode()


@pytest.fixture
def difficult_rows(alice: User) -> list[FinancialTransaction]:
    """Create a row for each text in several columns, with varying signs, fractions of seconds and NULLs."""
    owned = {"user": alice, "financial_profile": AccountFactory(user=alice)}
    for number, text in enumerate(TEXTS):
        TransactionFactory.create(
            **owned | ({"financial_profile": None} if number % 5 == 0 else {}),
            description=text,
            merchant_name=text[::-1],
            note=text,
            payee=text[:100],
            tags=[text[:50]] if text.strip() and number % 3 else [],
            reference_number=f"{text}{number}" if text else "",
            amount=Decimal(f"-{number}.10"[:12]) if number else Decimal("-0.01"),
            transaction_type="expense",
            posted_date=date(2026, 3, 1) if number % 2 else None,
            metadata=OBJECTS[number % len(OBJECTS)],
        )
    rows = FinancialTransaction.objects.order_by("pk")
    rows.filter(pk__in=list(rows.values_list("pk", flat=True)[:9])).update(created_at=datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC))
    rows.filter(pk__in=list(rows.values_list("pk", flat=True)[9:15])).update(
        created_at=datetime(2026, 3, 2, 1, 2, 3, 120, tzinfo=UTC)
    )
    return list(rows)


@pytest.mark.parametrize("size", [4, 29, 5_000])
def test_csv_is_written_as_python_writes_it(
    as_alice: APIClient, difficult_rows: list[FinancialTransaction], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(exports, "BATCH", size)
    content = as_alice.get(EXPORT).getvalue()
    fields = next(csv.reader([content.split(b"\r\n")[0].decode("utf-8-sig")]))
    assert content == written_by_python(difficult_rows, fields)


@pytest.mark.parametrize("size", [4, 29, 5_000])
def test_json_is_written_as_orjson_writes_the_list(
    as_alice: APIClient, difficult_rows: list[FinancialTransaction], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(exports, "BATCH", size)
    listed = as_alice.get("/api/v1/finance/transactions/", {"ordering": "created_at", "limit": 200}).content
    by_key = {row["id"]: row for row in orjson.loads(listed)["results"]}
    content = as_alice.get(EXPORT, {"file_format": "json"}).getvalue()
    lines = content.decode().removeprefix("[\n").removesuffix("\n]\n").split(",\n")
    assert [orjson.loads(line) for line in lines] == [by_key[str(row.pk)] for row in difficult_rows]
    assert all(line.encode() in listed for line in lines)


def test_a_number_in_json_stays_as_it_is_stored(as_alice: APIClient, alice: User) -> None:
    """Python would read 0.00001 as a float and write 1e-05."""
    TransactionFactory(user=alice, metadata={"rate": 0.00001})
    assert b'"{""rate"": 0.00001}"' in as_alice.get(EXPORT).getvalue()
