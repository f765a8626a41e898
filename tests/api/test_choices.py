"""An unknown choice is refused with the choices."""

import pytest
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("sent", ["loan", 7, "x" * 100])
def test_the_error_lists_the_choices(as_alice: APIClient, sent: object) -> None:
    body = {"amount": "-5.00", "transaction_date": "2026-03-02", "transaction_type": sent}
    [problem] = as_alice.post("/api/v1/finance/transactions/", body).json()["errors"]
    assert (problem["attr"], problem["code"]) == ("transaction_type", "invalid_choice")
    assert problem["detail"] == f"“{str(sent)[:40]}” is unknown. Use one of: income, expense, transfer, refund, fee."
