"""An exported account that is imported into an empty one, or into itself."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dev.factories import AccountFactory, TransactionFactory
from tests.finance.exports.conftest import FORMATS, Export, rows_of
from tests.finance.imports.conftest import Bring
from users.models import User

TEXTS = [
    "Coffee House",
    "",
    '5" nails & "quotes"',
    "It's; 'quoted'",
    "'=1",
    "''twice",
    "=HYPERLINK(1)",
    "+49 30 123",
    "-5 % rebate",
    "@home",
    "a;=1",
    "two\nlines",
    "Windows\r\nlines\rand old ones",
    "\ttab\t",
    " spaces  inside and around ",
    "^",
    "ends with ^",
    "!Type:Bank",
    "^\n!Type:Bank\nD",
    "back\\slash \\n \\u0041",
    "&amp; &lt;b&gt; &amp;amp; &#65;",
    "<STMTTRN><NAME>x</NAME></STMTTRN>",
    "</BANKTRANLIST> <MINGUS.TYPE>fee",
    "👩‍👩‍👧 emoji 🍜",
    "日本語の店 é e\u0301",
    "right\u202eleft \u200b \u00ad \u2028 \ufeff",
    "bell \x07 \x1f \x7f \x85",
    "closing balance",
    "NULL",
    "0",
    "x" * 33,
    "é" * 101,
    "long word " * 25,
]
LONG = "a text of the bank, " * 150
AMOUNTS = ["-5.00", "-0.01", "9999999999.99", "-1234.56", "1234.00", "-0.50"]


@pytest.fixture
def full(alice: User) -> Any:
    """Return an account with a transaction for each text."""
    account = AccountFactory(user=alice, profile_name="Full")
    for number, text in enumerate(TEXTS):
        amount = Decimal(AMOUNTS[number % len(AMOUNTS)])
        TransactionFactory.create(
            user=alice,
            financial_profile=account,
            amount=amount,
            transaction_type="income" if amount > 0 else "expense",
            merchant_name=text[:255],
            description=text[::-1] if number % 3 else LONG[number:],
            category=f"Kind {number % 7}",
            reference_number=f"{text}{number}" if number % 2 else "",
            transaction_date=date(2026, 3, 1 + number % 28),
            posted_date=[None, date(2026, 3, 1 + number % 28), date(2026, 4, 2), date(2026, 2, 27)][number % 4],
            status=["completed", "pending", "disputed"][number % 3],
        )
    return account


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_empty_account_gets_equal_rows(full: Any, alice: User, export: Export, bring: Bring, file_format: str) -> None:
    other = AccountFactory(user=alice)
    result = bring(export(full, file_format), account=other)
    assert (result.format, result.created, result.review, result.errors) == (file_format, len(TEXTS), 0, [])
    assert rows_of(other, "category") == rows_of(full, "category")


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_account_itself_gets_nothing(full: Any, export: Export, bring: Bring, file_format: str) -> None:
    before = rows_of(full)
    for _ in range(2):
        result = bring(export(full, file_format), account=full)
        assert (result.created, result.review, result.duplicates) == (0, 0, len(TEXTS))
    assert rows_of(full) == before
