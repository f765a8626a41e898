"""Journeys through money: accounts, statements, transactions, rules, transfers, bills."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.journeys.stranger import Stranger, run_jobs

pytestmark = pytest.mark.django_db
STATEMENT = (
    b"Date,Amount,Description\n2026-03-02,-4.50,Coffee House\n2026-03-03,-7.25,Corner Market\n2026-03-04,2874.60,Salary\n"
)
DAY = "2026-03-05"


@pytest.fixture
def carol() -> Stranger:
    return Stranger().sign_up()


def new_account(carol: Stranger, name: str = "Everyday", **fields: str) -> str:
    return str(carol.post("finance/accounts/", profile_name=name, profile_type="checking", currency="USD", **fields)["id"])


def spend(carol: Stranger, account: str, amount: str, **fields: object) -> dict[str, object]:
    body = {"transaction_type": "expense", "amount": amount, "transaction_date": DAY, "financial_profile": account}
    return dict(carol.post("finance/transactions/", **body, **fields))


def statement(content: bytes = STATEMENT) -> SimpleUploadedFile:
    return SimpleUploadedFile("march.csv", content, "text/csv")


def test_import_a_statement_and_take_it_back(carol: Stranger) -> None:
    account = new_account(carol)
    assert carol.upload("finance/imports/", 200, file=statement(), account=account, dry_run="true")["created"] == 3
    result = carol.upload("finance/imports/", file=statement(), account=account)
    assert result["created"] == 3
    assert carol.upload("finance/imports/", file=statement(), account=account)["duplicates"] == 3
    assert len(carol.all(f"finance/imports/{result['id']}/rows/")) == 3
    assert len(carol.all("finance/transactions/", is_expense="true")) == 2
    assert carol.get(f"finance/accounts/{account}/")["profile_name"] == "Everyday"
    assert carol.call("delete", f"finance/imports/{result['id']}/", 200)["removed"] == 3
    assert carol.all("finance/transactions/") == []


def test_write_page_through_and_correct_transactions(carol: Stranger) -> None:
    account = new_account(carol)
    parts = [{"amount": "-30.00", "category": "groceries"}, {"amount": "-12.50", "category": "household"}]
    key = {"Idempotency-Key": "first"}
    body = {"transaction_type": "expense", "amount": "-42.50", "transaction_date": DAY, "splits": parts, "currency": "USD"}
    first = carol.call("post", "finance/transactions/", 201, headers=key, financial_profile=account, **body)
    again = carol.call("post", "finance/transactions/", 201, headers=key, financial_profile=account, **body)
    assert first["id"] == again["id"]
    for number in range(1, 5):
        spend(carol, account, f"-{number}.00", note=f"number {number}")
    assert len(carol.all("finance/transactions/", limit="2", ordering="-amount")) == 5
    assert [row["id"] for row in carol.all("finance/transactions/", category="groceries")] == [first["id"]]
    assert len(carol.all("finance/transactions/", search='note:"number 3" or amount>40')) == 2
    mistake = carol.get("finance/transactions/", 400, search="nothing:3")
    assert mistake["errors"][0]["column"] == 1
    changed = carol.call("patch", f"finance/transactions/{first['id']}/", note="for two")
    assert changed["note"] == "for two"
    carol.call("patch", f"finance/transactions/{first['id']}/", 412, headers={"If-Match": '"old"'}, note="too late")
    carol.call("delete", f"finance/transactions/{first['id']}/", 204)
    assert carol.post(f"finance/transactions/{first['id']}/restore/", 200)["id"] == first["id"]
    wrong = carol.post("finance/transactions/", 400, **{**body, "splits": [], "amount": "0.00"})
    assert wrong["errors"][0]["attr"] == "amount"


def test_sort_spending_by_rules_and_merges(carol: Stranger) -> None:
    account = new_account(carol)
    carol.upload("finance/imports/", file=statement(), account=account)
    actions = [{"type": "set_category", "value": "coffee"}, {"type": "add_tag", "value": "out"}]
    rule = carol.post("finance/rules/", name="Coffee", search="coffee", actions=actions)
    shown = carol.post(f"finance/rules/{rule['id']}/preview/", 200)
    run = carol.post(f"finance/rules/{rule['id']}/apply/", 200, expected_count=shown["count"])
    assert run["updated"] == 1
    coffee = carol.all("finance/categories/", slug="coffee")[0]
    drinks = carol.post("finance/categories/", name="Drinks")
    carol.post(f"finance/categories/{coffee['id']}/merge/", 200, into=drinks["id"])
    assert len(carol.all("finance/transactions/", category="drinks")) == 1
    carol.post(f"finance/categories/{coffee['id']}/unmerge/", 200)
    carol.post(f"finance/rule-runs/{run['runs'][0]['id']}/undo/", 200)
    assert carol.all("finance/transactions/", category="coffee") == []


def test_move_money_between_accounts_and_reconcile(carol: Stranger) -> None:
    first, second = new_account(carol), new_account(carol, "Savings")
    out = spend(carol, first, "-100.00")
    body = {"transaction_type": "income", "amount": "100.00", "transaction_date": DAY, "financial_profile": second}
    back = carol.post("finance/transactions/", **body)
    pair = carol.post("finance/transfers/", outgoing=out["id"], incoming=back["id"])
    assert pair["status"] == "accepted"
    assert {row["transaction_type"] for row in carol.all("finance/transactions/")} == {"transfer"}
    assert carol.post(f"finance/accounts/{first}/reconcile/", 200, date=DAY, balance="-100.00")["reconciled"] == 1
    carol.call("delete", f"finance/transfers/{pair['id']}/", 204)


def test_pay_bills_and_plan_income(carol: Stranger) -> None:
    rent = carol.post(
        "finance/expense-due-dates/",
        expected_amount="900.00",
        due_date=DAY,
        frequency="monthly",
        expense_name="Rent",
        currency="USD",
        is_recurring=True,
    )
    assert carol.get(f"finance/expense-due-dates/{rent['id']}/occurrences/")["results"]
    paid = carol.post(f"finance/expense-due-dates/{rent['id']}/pay/", 200, amount="905.00")
    assert paid["last_paid_amount"] == "905.00"
    carol.post(f"finance/expense-due-dates/{rent['id']}/undo/", 200)
    carol.post("system/important-dates/", date_name="Move", date_type="personal", date_value="2026-06-01")


def test_move_in_from_another_app(carol: Stranger) -> None:
    register = (
        b'"Account","Flag","Date","Payee","Category Group/Category","Category Group","Category",'
        b'"Memo","Outflow","Inflow","Cleared"\n'
        b'"Checking","","03/02/2026","Coffee House","Fun: Coffee","Fun","Coffee","","$4.50","$0.00","Cleared"\n'
        b'"Card","","03/15/2026","Corner Market","Needs: Food","Needs","Food","milk","$7.25","$0.00","Cleared"\n'
    )
    file = SimpleUploadedFile("register.csv", register, "text/csv")
    planned = carol.upload("finance/imports/move-in/", 200, file=file)
    assert [row["action"] for row in planned["accounts"]] == ["create", "create"]
    file.seek(0)
    moved = carol.upload("finance/imports/move-in/", 201, file=file, dry_run="false")
    run_jobs()
    assert len(carol.all("finance/transactions/")) == 2
    imports = carol.all("finance/imports/")
    carol.post(f"finance/imports/{imports[0]['id']}/undo-move/", 200)
    assert moved["errors"] == carol.all("finance/transactions/") == []
