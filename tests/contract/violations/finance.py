"""Violations of the constraints of due dates, payments and projections, in SQL and through the API."""

from typing import Any

from finance.models import DueDatePayment, IncomeProjection, UserExpenseDueDate, UserIncomeDueDate

INCOME, EXPENSE = "finance_userincomeduedate", "finance_userexpenseduedate"
PAYMENT, PROJECTION = "finance_duedatepayment", "finance_incomeprojection"


Violation = tuple[Any, dict[str, Any], dict[str, Any] | None]


def due_date(table: str, model: Any, name: str, done: str) -> dict[str, Violation]:
    """Return the violations that income and expense due dates share."""
    day, amount = f"last_{done}_date", f"last_{done}_amount"
    return {
        f"{table}_{name}_not_blank": (model, {name: " "}, {name: " "}),
        f"{table}_expected_amount_above_zero": (model, {"expected_amount": "0.00"}, {"expected_amount": "0.00"}),
        f"{table}_currency_iso_4217": (model, {"currency": "usd"}, {"currency": "usd"}),
        f"{table}_due_date_bounds": (model, {"due_date": "1899-12-31"}, {"due_date": "1899-12-31"}),
        f"{table}_frequency_choice": (model, {"frequency": "daily"}, {"frequency": "daily"}),
        f"{table}_status_choice": (model, {"status": "late"}, None),  # these six are computed from schedule and payments
        f"{table}_next_occurrence_in_series": (model, {"next_occurrence": None}, None),
        f"{table}_{day}_bounds": (model, {day: "1899-12-31", amount: "1.00"}, None),
        f"{table}_{amount}_bounds": (model, {day: "2026-01-31", amount: "-0.01"}, None),
        f"{table}_{day}_with_amount": (model, {day: "2026-01-31"}, None),
    }


VIOLATIONS: dict[str, Violation] = {
    **due_date(INCOME, UserIncomeDueDate, "income_source", "received"),
    **due_date(EXPENSE, UserExpenseDueDate, "expense_name", "paid"),
    # payments have no route: the actions pay and receive create them, and their tests cover the refusals
    f"{PAYMENT}_income_or_expense": (DueDatePayment, {"expense_id": None}, None),
    f"{PAYMENT}_currency_iso_4217": (DueDatePayment, {"currency": "usd"}, None),
    f"{PAYMENT}_occurrence_date_bounds": (DueDatePayment, {"occurrence_date": "1899-12-31"}, None),
    f"{PAYMENT}_expected_amount_above_zero": (DueDatePayment, {"expected_amount": "0.00"}, None),
    f"{PAYMENT}_amount_above_zero": (DueDatePayment, {"amount": "0.00"}, None),
    f"{PAYMENT}_paid_on_bounds": (DueDatePayment, {"paid_on": "2201-01-01"}, None),
    f"{PAYMENT}_transaction_unique": (DueDatePayment, {"expense_id": "=other", "transaction_id": "=other"}, None),
    f"{PROJECTION}_projection_date_bounds": (
        IncomeProjection,
        {"projection_date": "1899-12-31"},
        {"projection_date": "1899-12-31"},
    ),
    f"{PROJECTION}_current_income_above_zero": (IncomeProjection, {"current_income": "0.00"}, {"current_income": "0.00"}),
    **{
        f"{PROJECTION}_{name}_bounds": (IncomeProjection, {name: "-0.01"}, {name: "-0.01"})
        for name in ("projected_income_1_year", "projected_income_3_years", "projected_income_5_years")
    },
    f"{PROJECTION}_growth_rate_bounds": (IncomeProjection, {"growth_rate": "-100.01"}, {"growth_rate": "-100.01"}),
    f"{PROJECTION}_confidence_level_bounds": (IncomeProjection, {"confidence_level": "1.01"}, {"confidence_level": "1.01"}),
    f"{PROJECTION}_factors_shape": (IncomeProjection, {"factors": []}, {"factors": []}),
}
