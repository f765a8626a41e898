"""Comparing an account with a balance of its bank: what agrees is marked, and a difference is explained."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from dev.factories import AccountFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from tests.conftest import ClientFor
from tests.finance.divisions.conftest import errors
from tests.finance.reconciliation.conftest import ACCOUNTS, DAY, Reconcile, marked, reasons
from users.models import User

pytestmark = pytest.mark.django_db


def test_an_account_that_agrees_is_marked(account: Any, entry: Any, reconcile: Reconcile, as_alice: APIClient) -> None:
    confirmed = [entry("-10.00"), entry("4.50"), entry("-1.00", "2026-02-10", status="disputed")]
    entry("-7.00", "2026-04-01"), entry("-3.00", status="cancelled"), entry("-3.00", currency="EUR")
    result = reconcile("94.50")
    assert (result["expected"], result["difference"], result["unexplained"]) == ("94.50", "0.00", "0.00")
    assert (result["reconciled"], result["explanations"], result["is_applied"]) == (3, [], False)
    assert marked() == {row.pk for row in confirmed}
    shown = as_alice.get(f"{ACCOUNTS}{account.pk}/").json()
    assert (shown["account_balance"], shown["balance_date"], shown["balance_source"]) == ("94.50", DAY, "user")
    assert (shown["opening_balance"], shown["reconciled_date"]) == ("101.00", DAY)
    assert reconcile("94.50")["reconciled"] == 0


def test_the_next_balance_is_compared_with_all_transactions(entry: Any, reconcile: Reconcile, as_alice: APIClient) -> None:
    coffee = entry("-10.00")
    reconcile("90.00")
    entry("-5.00", "2026-04-10")
    as_alice.patch(f"/api/v1/finance/transactions/{coffee.pk}/", {"amount": "-12.00"})
    assert reconcile("85.00", "2026-04-30")["difference"] == "2.00"
    as_alice.patch(f"/api/v1/finance/transactions/{coffee.pk}/", {"amount": "-10.00"})
    assert reconcile("85.00", "2026-04-30")["reconciled"] == 2


def test_a_dry_run_changes_nothing(account: Any, entry: Any, reconcile: Reconcile) -> None:
    entry("-10.00")
    assert reconcile("90.00", dry_run=True)["reconciled"] == 1
    account.refresh_from_db()
    assert (marked(), account.opening_balance, account.account_balance) == (set(), None, Decimal("100.00"))


@pytest.mark.parametrize(
    ("balance", "fields", "reason"),
    [
        ("95.00", {"status": "pending"}, "pending"),
        ("95.00", {"posted_date": date(2026, 4, 2)}, "booked_later"),
        ("95.00", {"transaction_date": "2026-03-29"}, "recent"),
        ("81.00", {"transaction_date": "2026-04-02"}, "dated_later"),
        ("81.00", {"status": "failed"}, "not_counted"),
        ("109.00", {}, "wrong_sign"),
    ],
)
def test_one_row_explains_the_difference(balance: str, fields: Any, reason: str, entry: Any, reconcile: Reconcile) -> None:
    other, row = entry("-5.00"), entry("-14.00", **fields)
    result = reconcile(balance)
    assert reasons(result) == [[(reason, str(row.pk))]]
    assert (result["is_applied"], result["unexplained"], result["reconciled"]) == (True, "0.00", 1)
    assert marked() == {other.pk}


def test_a_deleted_row_explains_the_difference(entry: Any, reconcile: Reconcile, as_alice: APIClient) -> None:
    other, row = entry("-7.00"), entry("-14.00")
    as_alice.delete(f"/api/v1/finance/transactions/{row.pk}/")
    assert reasons(reconcile("79.00")) == [[("deleted", str(row.pk))]]
    assert marked() == {other.pk}
    as_alice.post(f"/api/v1/finance/transactions/{row.pk}/restore/")
    assert reconcile("79.00")["reconciled"] == 1


def test_a_duplicate_explains_the_difference(entry: Any, reconcile: Reconcile) -> None:
    rows = [entry("-7.00", day, description="Lunch") for day in ("2026-03-10", "2026-03-12")]
    assert reasons(reconcile("93.00")) == [[("duplicate", str(rows[1].pk))]]
    assert marked() == {rows[0].pk}


def test_all_pending_rows_together_explain_the_difference(entry: Any, reconcile: Reconcile) -> None:
    booked, pending = entry("-7.00"), [entry(f"-1.0{number}", status="pending") for number in range(1, 8)]
    result = reconcile("93.00")
    assert {key for [rows] in [reasons(result)] for _, key in rows} == {str(row.pk) for row in pending}
    assert (result["is_applied"], marked()) == (True, {booked.pk})
    FinancialTransaction.objects.filter(status="pending").update(status="completed")
    later = reconcile("85.72", "2026-04-30")
    assert (later["difference"], later["reconciled"]) == ("0.00", 7)


def test_the_balance_of_an_account_with_pending_rows_still_counts_them(
    account: Any, entry: Any, reconcile: Reconcile, as_alice: APIClient
) -> None:
    entry("-7.00"), entry("-14.00", status="pending")
    reconcile("93.00")
    assert as_alice.get(f"{ACCOUNTS}{account.pk}/").json()["computed_balance"] == "79.00"


def test_several_explanations_are_left_to_the_user(entry: Any, reconcile: Reconcile) -> None:
    first, second = (entry("-14.00", status="pending", description=text) for text in ("Shoes", "Boots"))
    other = entry("-5.00")
    result = reconcile("81.00")
    assert sorted(reasons(result)) == sorted([[("pending", str(first.pk))], [("pending", str(second.pk))]])
    assert (result["is_applied"], result["unexplained"], result["reconciled"], marked()) == (False, "14.00", 0, set())
    chosen = reconcile("81.00", left_out=[str(second.pk)])
    assert (chosen["difference"], chosen["unexplained"], chosen["reconciled"]) == ("14.00", "0.00", 2)
    assert marked() == {first.pk, other.pk}


def test_an_unexplained_difference_can_be_adjusted(account: Any, entry: Any, reconcile: Reconcile, as_alice: APIClient) -> None:
    row = entry("-7.00")
    result = reconcile("90.01")
    assert (result["unexplained"], result["explanations"], marked()) == ("-2.99", [], set())
    adjusted = reconcile("90.01", adjust=True)
    made = as_alice.get(f"/api/v1/finance/transactions/{adjusted['adjustment']}/").json()
    assert (made["amount"], made["transaction_type"], made["transaction_date"]) == ("-2.99", "expense", DAY)
    assert (made["financial_profile"], made["status"], made["reconciled_date"]) == (str(account.pk), "completed", DAY)
    assert marked() == {row.pk, type(row)._meta.pk.to_python(adjusted["adjustment"])}
    assert reconcile("90.01")["difference"] == "0.00"


def test_the_first_balance_is_a_start(alice: User, as_alice: APIClient) -> None:
    account = AccountFactory(user=alice)
    url = f"{ACCOUNTS}{account.pk}/reconcile/"
    result = as_alice.post(url, {"date": DAY, "balance": "5.00"}).json()
    assert (result["expected"], result["difference"], result["unexplained"]) == (None, None, None)
    assert as_alice.get(f"{ACCOUNTS}{account.pk}/").json()["opening_balance"] == "5.00"


def test_older_transactions_need_a_new_start(entry: Any, reconcile: Reconcile) -> None:
    entry("-7.00")
    reconcile("93.00")
    old = [entry("-20.00", "2025-03-10"), entry("-21.00", "2025-03-11")]
    assert reconcile("93.00")["unexplained"] == "41.00"
    assert reconcile("93.00", restart=True)["reconciled"] == 2
    assert {row.pk for row in old} <= marked()
    assert reconcile("93.00")["difference"] == "0.00"


def test_a_reconciliation_can_be_undone(account: Any, entry: Any, reconcile: Reconcile, as_alice: APIClient) -> None:
    row = entry("-7.00")
    before = as_alice.get(f"{ACCOUNTS}{account.pk}/").json()
    result = reconcile("90.00", adjust=True)
    assert as_alice.get(f"/api/v1/finance/edit-runs/{result['edit']}/").json()["kind"] == "reconcile"
    assert as_alice.post(f"/api/v1/finance/edit-runs/{result['edit']}/undo/").status_code == 200
    assert marked() == set()
    assert list(FinancialTransaction.objects.values_list("pk", flat=True)) == [row.pk]
    after = as_alice.get(f"{ACCOUNTS}{account.pk}/").json()
    assert {name for name in after if after[name] != before[name]} == {"updated_at"}
    assert reconcile("90.00", adjust=True)["reconciled"] == 2


def test_an_undo_keeps_later_balances(account: Any, entry: Any, reconcile: Reconcile, as_alice: APIClient) -> None:
    entry("-7.00")
    run = reconcile("93.00")["edit"]
    reconcile("93.00", "2026-04-30")
    assert as_alice.post(f"/api/v1/finance/edit-runs/{run}/undo/").status_code == 200
    assert as_alice.get(f"{ACCOUNTS}{account.pk}/").json()["reconciled_date"] == "2026-04-30"


def test_three_rows_that_fit_are_not_left_out_by_themselves(entry: Any, reconcile: Reconcile) -> None:
    for number, amount in enumerate(("-1.01", "-2.02", "-4.04", "-8.08")):
        entry(amount, f"2026-03-{28 + number}")
    result = reconcile("93.00", dry_run=True)
    assert ([len(rows) for rows in result["explanations"]], result["is_applied"]) == ([], False)
    result = reconcile("91.92")
    assert ([len(rows) for rows in result["explanations"]], result["is_applied"], result["unexplained"]) == ([3], False, "7.07")


def test_a_marked_transaction_that_is_left_out_loses_its_mark(entry: Any, reconcile: Reconcile) -> None:
    row, other = entry("-7.00"), entry("-2.00")
    reconcile("91.00")
    assert reconcile("98.00", left_out=[str(row.pk)])["unexplained"] == "0.00"
    assert marked() == {other.pk}


def test_a_balance_that_cannot_be_is_refused(account: Any, reconcile: Reconcile) -> None:
    tomorrow = account.today() + timedelta(days=1)
    assert "today" in reconcile("1.00", tomorrow.isoformat(), status=400)["errors"][0]["detail"]
    for balance, day in (("1.005", DAY), ("99999999999999.00", DAY), ("x", DAY), ("1.00", "0001-01-01"), ("1.00", "soon")):
        reconcile(balance, day, status=400)
    limit = reconcile("-9999999999999.99", status=400, adjust=True)
    assert [error["attr"] for error in limit["errors"]] == ["balance"]
    assert reconcile("-0.00", dry_run=True, restart=True)["balance"] == "0.00"
    assert reconcile("1.00", left_out=["7"], status=400)["errors"][0]["attr"] == "left_out.0"
    EncryptedFinancialProfile.objects.update(is_active=False)
    assert reconcile("1.00", status=409)["errors"][0]["code"] == "account_closed"


def test_a_debt_is_below_0(alice: User, as_alice: APIClient) -> None:
    url = f"{ACCOUNTS}{AccountFactory(user=alice, profile_type='credit').pk}/reconcile/"
    assert errors(as_alice.post(url, {"date": DAY, "balance": "5.00"})) == [("balance", "positive_debt")]
    assert as_alice.post(url, {"date": DAY, "balance": "-5.00"}).status_code == 200
    assert as_alice.post(url, {"date": DAY, "balance": "5.00", "overpaid": True, "restart": True}).status_code == 200
    assert EncryptedFinancialProfile.objects.get().overpaid


def test_only_counted_transactions_can_be_left_out(entry: Any, bob: User, reconcile: Reconcile, api: ClientFor) -> None:
    for row in (entry("-7.00", "2026-04-01"), entry("-7.00", status="failed"), entry("-7.00", currency="EUR")):
        [error] = reconcile("93.00", left_out=[str(row.pk)], status=400)["errors"]
        assert (error["attr"], error["code"]) == ("left_out", "not_counted")
    path = f"{ACCOUNTS}{EncryptedFinancialProfile.objects.get().pk}/reconcile/"
    assert api(bob).post(path, {"date": DAY, "balance": "1.00"}).status_code == 404


def test_yen_have_no_decimals(alice: User, as_alice: APIClient) -> None:
    account = AccountFactory(user=alice, currency="JPY", account_balance=Decimal(1000), balance_date="2026-02-28")
    result = as_alice.post(f"{ACCOUNTS}{account.pk}/reconcile/", {"date": DAY, "balance": "1200"}).json()
    assert (result["balance"], result["expected"], result["difference"]) == ("1200", "1000", "200")
