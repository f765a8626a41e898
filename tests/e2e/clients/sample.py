"""A small app on the Python client that openapi-python-client generates; test_generated_clients.py runs it.

mypy checks it against the generated types, and each call checks that the response has the expected type.
"""

import os
import sys
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, TypeVar

from mingus_api_client import AuthenticatedClient
from mingus_api_client import models as m
from mingus_api_client.api.analytics import create_piece_of_feedback
from mingus_api_client.api.billing import explain_feature_by_its_name, list_feature_access, list_plans
from mingus_api_client.api.changes import list_changes
from mingus_api_client.api.finance import (
    apply_rule,
    bulk_change_transactions,
    create_account,
    create_category,
    create_expense_due_date,
    create_rule,
    create_transaction,
    delete_transaction,
    get_account,
    get_transaction,
    import_statement_file,
    list_categories,
    list_occurrences_of_expense_due_date,
    list_tags,
    list_transactions,
    pay_expense,
    preview_rule,
    reconcile_account,
    restore_deleted_transaction,
    undo_bulk_update_of_transactions,
    undo_rule_run,
    update_account,
    update_transaction,
)
from mingus_api_client.api.health import create_check_in, list_check_ins
from mingus_api_client.api.system import create_important_date, list_alerts
from mingus_api_client.api.users import get_current_user, list_onboarding_steps
from mingus_api_client.types import File

Expected = TypeVar("Expected")
TODAY = datetime.now(UTC).date()
STATEMENT = b"Date,Amount,Description\n2026-03-02,-4.50,Coffee House\n2026-03-03,-7.25,Corner Market\n"
calls = 0


def expect(kind: type[Expected], response: object) -> Expected:
    """Return the response if it has the expected type. Raise AssertionError with the problem otherwise."""
    global calls
    calls += 1
    assert isinstance(response, kind), response
    return response


def spend(client: AuthenticatedClient, account: m.Account, amount: str, **fields: Any) -> m.WrittenFinancialTransaction:
    kind = m.TransactionTypeEnum.EXPENSE
    body = m.TransactionRequest(kind, amount, TODAY, financial_profile=account.id, currency="USD", **fields)
    return expect(m.WrittenFinancialTransaction, create_transaction.sync(client=client, body=body))


def keep_books(client: AuthenticatedClient) -> None:
    body = m.AccountRequest("Everyday", m.ProfileTypeEnum.CHECKING, currency="USD", account_number="000912345678")
    account = expect(m.Account, create_account.sync(client=client, body=body))
    assert expect(m.Account, get_account.sync(account.id, client=client)).profile_name == "Everyday"
    food = expect(m.Category, create_category.sync(client=client, body=m.CategoryRequest("Food")))
    lunch = spend(client, account, "-12.30", category=food.slug, tags=["work"], note="with Ada")
    new = spend(client, account, "-20.00", category="Books and music")
    assert new.created_category is not None
    assert new.created_category.slug == new.category
    patch = m.PatchedTransactionRequest(note="with Ada and Grace")
    assert (
        expect(m.WrittenFinancialTransaction, update_transaction.sync(lunch.id, client=client, body=patch)).note == patch.note
    )
    found = expect(m.PaginatedTransactionList, list_transactions.sync(client=client, category=food.slug, limit=10))
    assert [row.id for row in found.results] == [lunch.id]
    assert delete_transaction.sync_detailed(lunch.id, client=client).status_code == 204
    assert expect(m.Problem, get_transaction.sync(lunch.id, client=client)).errors[0].code == "not_found"
    expect(m.RestoredFinancialTransaction, restore_deleted_transaction.sync(lunch.id, client=client))
    assert {row.name for row in expect(m.PaginatedTagList, list_tags.sync(client=client)).results} == {"work"}
    assert len(expect(m.PaginatedCategoryList, list_categories.sync(client=client)).results) == 2
    wrong = m.TransactionRequest(m.TransactionTypeEnum.EXPENSE, "0.00", TODAY)
    assert expect(m.Problem, create_transaction.sync(client=client, body=wrong)).errors[0].attr == "amount"
    change_many(client, account)
    file = File(BytesIO(STATEMENT), "statement.csv", "text/csv")
    form = m.ImportFormRequest(file, account.id)
    assert expect(m.ImportResult, import_statement_file.sync(client=client, body=form)).created == 2
    bank = m.ReconcileRequest(TODAY, "-44.05")
    expect(m.Reconciliation, reconcile_account.sync(account.id, client=client, body=bank))
    closed = m.PatchedAccountRequest(is_active=False)
    assert not expect(m.Account, update_account.sync(account.id, client=client, body=closed)).is_active


def change_many(client: AuthenticatedClient, account: m.Account) -> None:
    patch = m.PatchedTransactionRequest(note="checked")
    body = m.BulkTransactionRequest(search="category:food", patch=patch, expected_count=1)
    changed = expect(m.UndoableBulkResult, bulk_change_transactions.sync(client=client, body=body))
    assert changed.undo_token is not None
    undo = m.UndoTokenRequest(changed.undo_token)
    assert expect(m.UndoneEdit, undo_bulk_update_of_transactions.sync(client=client, body=undo)).restored == 1
    tag = m.RuleActionRequest(m.RuleActionTypeEnum.ADD_TAG, "reading")
    body_of_rule = m.RuleRequest("Books", "amount>15", [tag])
    rule = expect(m.Rule, create_rule.sync(client=client, body=body_of_rule))
    shown = expect(m.RulePreview, preview_rule.sync(rule.id, client=client))
    applied = expect(
        m.RuleResult, apply_rule.sync(rule.id, client=client, body=m.RuleApplyFormRequest(expected_count=shown.count))
    )
    assert applied.updated == 1
    expect(m.UndoneEdit, undo_rule_run.sync(applied.runs[0].id, client=client))


def plan_and_pay(client: AuthenticatedClient) -> None:
    body = m.ExpenseDueDateRequest("900.00", TODAY, m.DueFrequencyEnum.MONTHLY, "Rent", currency="USD", is_recurring=True)
    rent = expect(m.ExpenseDueDate, create_expense_due_date.sync(client=client, body=body))
    paid = expect(m.ExpenseDueDate, pay_expense.sync(rent.id, client=client, body=m.PaymentFormRequest(amount="900.00")))
    assert paid.last_paid_amount == "900.00"
    listed = expect(m.Occurrences, list_occurrences_of_expense_due_date.sync(rent.id, client=client))
    assert listed.results
    expect(
        m.ImportantDate,
        create_important_date.sync(client=client, body=m.ImportantDateRequest("Move", m.DateTypeEnum.PERSONAL, TODAY)),
    )


def follow_changes(client: AuthenticatedClient) -> None:
    first = expect(m.Changes, list_changes.sync(client=client, limit=200))
    while first.has_more:
        first = expect(m.Changes, list_changes.sync(client=client, limit=200, cursor=first.cursor))
    food = expect(m.PaginatedCategoryList, list_categories.sync(client=client)).results[0]
    tag = expect(m.Category, create_category.sync(client=client, body=m.CategoryRequest("Travel", parent=food.id)))
    page = expect(m.Changes, list_changes.sync(client=client, cursor=first.cursor))
    [change] = [each for each in page.changes if isinstance(each, m.CategoryChange)]
    assert isinstance(change.object_, m.Category)
    assert (change.action, change.object_.parent) == (m.ChangeActionEnum.UPSERT, food.id)
    assert change.object_ == tag
    goals = list_changes.sync(client=client, types=[m.ListChangesTypesItem.GOAL, m.ListChangesTypesItem.CHECKIN])
    assert {type(each) for each in expect(m.Changes, goals).changes} <= {m.GoalChange, m.CheckinChange}


def live_well(client: AuthenticatedClient) -> None:
    body = m.CheckinRequest(TODAY, mood_score=7, stress_level=3, sleep_hours="7.5")
    checkin = expect(m.Checkin, create_check_in.sync(client=client, body=body))
    assert checkin.id in [row.id for row in expect(m.PaginatedCheckinList, list_check_ins.sync(client=client)).results]
    feedback = m.FeedbackRequest(m.FeedbackTypeEnum.GENERAL, feedback_text="Good", rating=5)
    expect(m.Feedback, create_piece_of_feedback.sync(client=client, body=feedback))


def look_around(client: AuthenticatedClient) -> None:
    assert expect(m.User, get_current_user.sync(client=client)).is_verified
    expect(m.PaginatedAlertList, list_alerts.sync(client=client))
    expect(m.PaginatedOnboardingList, list_onboarding_steps.sync(client=client))
    expect(m.PaginatedPlanList, list_plans.sync(client=client))
    expect(m.PaginatedFeatureAccessList, list_feature_access.sync(client=client))
    expect(m.Explanation, explain_feature_by_its_name.sync(client=client, feature_name="data_export"))


if __name__ == "__main__":
    with AuthenticatedClient(os.environ["SERVER"], os.environ["TOKEN"]) as client:
        for part in (look_around, keep_books, plan_and_pay, live_well, follow_changes):
            part(client)
    sys.stdout.write(f"{calls} calls\n")
