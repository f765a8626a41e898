"""The CSV export of a list, whose texts a spreadsheet does not run as formulas."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from core import csv_export
from core.admin import base
from dev.factories import AccountFactory, TokenFactory, TransactionFactory
from tests.admin.conftest import SignedIn
from users.models import User

pytestmark = pytest.mark.django_db
TRANSACTIONS = "/admin/finance/financialtransaction/"


def exported(client: Client, url: str, rows: Iterable[Any], **more: str) -> list[dict[str, str]]:
    """Return the lines of the exported file of `rows`."""
    chosen = [str(row.pk) for row in rows]
    response = client.post(url, {"action": "export_csv", "_selected_action": chosen, "index": "0", **more})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = response.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_selected_rows_are_exported(office: Client, alice: User) -> None:
    row = TransactionFactory(user=alice, amount=Decimal("-6.60"))
    TransactionFactory(user=alice)
    found = exported(office, TRANSACTIONS, [row])
    assert [(line["id"], line["user__email"], line["amount"]) for line in found] == [(str(row.pk), alice.email, "-6.60")]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_would_be_a_formula_gets_an_apostrophe(office: Client, alice: User, start: str) -> None:
    row = TransactionFactory(user=alice, merchant_name=f"{start}HYPERLINK(1)")
    assert exported(office, TRANSACTIONS, [row])[0]["merchant_name"] == f"'{start}HYPERLINK(1)"


def test_a_negative_amount_stays_a_number(office: Client, alice: User) -> None:
    row = TransactionFactory(user=alice, amount=Decimal("-12.50"))
    assert exported(office, TRANSACTIONS, [row])[0]["amount"] == "-12.50"


def test_all_filtered_rows_are_exported_in_batches(
    office: Client, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "BATCH", 2)
    rows = TransactionFactory.create_batch(5, user=alice, financial_profile=AccountFactory(user=alice))
    TransactionFactory(user=bob)
    url = f"{TRANSACTIONS}?user__id__exact={alice.pk}"
    found = exported(office, url, rows[:1], select_across="1")
    assert [line["id"] for line in found] == sorted(str(row.pk) for row in rows)


def test_an_export_of_accounts_has_no_numbers(office: Client, alice: User) -> None:
    row = AccountFactory(user=alice, account_number="000123456789")
    line = exported(office, "/admin/finance/encryptedfinancialprofile/", [row])[0]
    assert "account_number" not in line
    assert "000123456789" not in str(line)


def test_an_export_of_tokens_has_no_digest(office: Client, alice: User) -> None:
    row = TokenFactory(user=alice)
    assert row.digest not in str(exported(office, "/admin/users/personalaccesstoken/", [row]))


def test_the_export_needs_the_permission_to_view(staff: User, signed_in: SignedIn, alice: User) -> None:
    row = TransactionFactory(user=alice)
    staff.user_permissions.set(Permission.objects.filter(codename="add_financialtransaction"))
    response = signed_in(staff).post(TRANSACTIONS, {"action": "export_csv", "_selected_action": [str(row.pk)], "index": "0"})
    assert response.status_code == 403


def test_each_type_of_value_has_its_format() -> None:
    values = [None, date(2026, 3, 1), datetime(2026, 3, 1, 9, tzinfo=UTC), {"a": "ü"}, True, 7]
    assert [csv_export.cell(value) for value in values] == [
        "",
        "2026-03-01",
        "2026-03-01T09:00:00+00:00",
        '{"a": "ü"}',
        "True",
        "7",
    ]
