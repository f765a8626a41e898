"""Violations of the constraints that each amount of money has, in SQL and through the API."""

from typing import Any

from billing.models import (
    Adjustment,
    BillingHistory,
    BillingMovement,
    RecurringCharge,
    StripeCustomer,
    Subscription,
    SubscriptionPlan,
)
from career.models import CareerMilestone
from finance.models import (
    DueDatePayment,
    EncryptedFinancialProfile,
    FinancialTransaction,
    IncomeProjection,
    RefundShare,
    StatementImportRow,
    TransactionSplit,
    UserExpenseDueDate,
    UserIncomeDueDate,
)
from users.models import UserProfile

TOO_LARGE = "10000000000000.00"
# model, name of the amount, the other values of the row, and whether the API writes it
AMOUNTS: tuple[tuple[Any, str, dict[str, Any], bool], ...] = (
    (SubscriptionPlan, "price", {}, True),
    *((Subscription, name, {}, False) for name in ("unit_price", "discount", "recurring_amount", "tax")),
    (Subscription, "next_charge_amount", {"next_charge_at": "2026-01-31T00:00:00Z"}, False),
    (BillingHistory, "amount", {}, False),
    *((BillingHistory, name, {}, False) for name in ("amount_due", "discount", "tax")),
    (BillingHistory, "amount_refunded", {}, False),
    (BillingHistory, "amount_collected", {"collected_at": "2026-01-31T00:00:00Z"}, False),
    (Adjustment, "amount", {}, False),
    (StripeCustomer, "credit", {}, False),
    (RecurringCharge, "annual_amount", {}, False),
    *((BillingMovement, name, {}, False) for name in ("annual_change", "annual_before", "annual_after")),
    (CareerMilestone, "target_salary", {}, True),
    (TransactionSplit, "amount", {}, False),
    (RefundShare, "amount", {}, False),
    (CareerMilestone, "current_salary", {}, True),
    (EncryptedFinancialProfile, "account_balance", {"balance_date": "2026-01-31", "balance_source": "user"}, True),
    (EncryptedFinancialProfile, "credit_limit", {}, True),
    (FinancialTransaction, "amount", {"transaction_type": "income"}, True),
    (StatementImportRow, "amount", {}, False),
    (UserIncomeDueDate, "expected_amount", {}, True),
    (UserIncomeDueDate, "last_received_amount", {"last_received_date": "2026-01-31"}, False),
    (UserExpenseDueDate, "expected_amount", {}, True),
    (UserExpenseDueDate, "last_paid_amount", {"last_paid_date": "2026-01-31"}, False),
    (DueDatePayment, "expected_amount", {}, False),
    (DueDatePayment, "amount", {}, False),
    (IncomeProjection, "current_income", {}, True),
    (IncomeProjection, "projected_income_1_year", {}, True),
    (IncomeProjection, "projected_income_3_years", {}, True),
    (IncomeProjection, "projected_income_5_years", {}, True),
    (UserProfile, "annual_income", {}, True),
)

VIOLATIONS: dict[str, tuple[Any, dict[str, Any], dict[str, Any] | None]] = {
    f"{model._meta.db_table}_{name}_{rule}": (model, others | {name: value}, others | {name: value} if is_in_api else None)
    for model, name, others, is_in_api in AMOUNTS
    for rule, value in (("decimals", "1.005"), ("size", TOO_LARGE))
}
