"""Rules apply to the transactions of all accounts that are moved in, and the move can still be undone."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from finance.models import FinancialTransaction
from tests.finance.moves.app_files import ynab_file, ynab_row
from tests.finance.rules.conftest import RULES

pytestmark = pytest.mark.django_db


def test_rules_apply_to_every_account_of_a_move(move: Any, as_alice: APIClient) -> None:
    rule = {"name": "shops", "search": "shop", "actions": [{"type": "add_tag", "value": "Shops"}]}
    rename = {"name": "names", "search": "shop", "actions": [{"type": "set_payee", "value": "Another"}]}  # as chosen there
    assert as_alice.post(RULES, rename).status_code == 201
    assert as_alice.post(RULES, rule).status_code == 201
    rows = [ynab_row(account, out="$1.00", memo=account) for account in ("Checking", "Cash", "Card")]
    done = move(ynab_file(*rows, ynab_row("Cash", "03/20/2025", "Baker", out="$2.00")))
    assert [row.tags for row in FinancialTransaction.objects.order_by("amount")] == [[], *[["Shops"]] * 3]
    assert set(FinancialTransaction.objects.values_list("payee", flat=True)) == {"Corner Shop", "Baker"}
    key = done["accounts"][0]["statement_import"]
    assert as_alice.post(f"/api/v1/finance/imports/{key}/undo-move/").status_code == 200
    assert not FinancialTransaction.objects.exists()
