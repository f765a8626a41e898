"""The endpoints `transactions/import/` and `transactions/search/`."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from dev.factories import TransactionFactory
from users.models import User

CSV = b"Date,Description,Amount\n2026-03-01,Noodle Yard,-6.60\n"


def test_a_statement_is_imported_at_transactions_import(as_alice: APIClient, account: Any) -> None:
    body = {"file": SimpleUploadedFile("march.csv", CSV), "account": str(account.pk)}
    response = as_alice.post("/api/v1/finance/transactions/import/", body, format="multipart")
    assert response.status_code == 201, response.content
    assert response.json()["created"] == 1


def test_transactions_search_is_the_list(as_alice: APIClient, alice: User) -> None:
    found = TransactionFactory(user=alice, merchant_name="Noodle Yard")
    TransactionFactory(user=alice, merchant_name="Hail Cab")
    rows = as_alice.get("/api/v1/finance/transactions/search/", {"search": "noodle"}).json()["results"]
    assert [row["id"] for row in rows] == [str(found.pk)]
