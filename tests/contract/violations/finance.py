"""Violations of the constraints of due dates, payments and projections, in SQL and through the API."""

from typing import Any

from django.db.models import F

from core.encryption.descriptor import Ciphertext
from finance.models import (
    Attachment,
    AttachmentChunk,
    Category,
    DueDatePayment,
    ExchangeRate,
    FinancialTransaction,
    IncomeProjection,
    Payee,
    RefundShare,
    Rule,
    Tag,
    TransactionSplit,
    Transfer,
    UserExpenseDueDate,
    UserIncomeDueDate,
)

INCOME, EXPENSE = "finance_userincomeduedate", "finance_userexpenseduedate"
TRANSACTION = "finance_financialtransaction"
SPLIT, SHARE = "finance_transactionsplit", "finance_refundshare"
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


TRANSFER, RATE = "finance_transfer", "finance_exchangerate"
DECIDED = "2026-01-31T00:00:00Z"
ACCEPTED = {"status": "accepted", "decided_at": DECIDED}
RULE = "finance_rule"
NO_ACTIONS: dict[str, Any] = {"actions": []}
ATTACHMENT, CHUNK = "finance_attachment", "finance_attachmentchunk"
CATEGORY, TAG, PAYEE = "finance_category", "finance_tag", "finance_payee"


def named(table: str, model: Any) -> dict[str, Violation]:
    """Return the violations that categories, tags and payees share. Payees have no route that writes them."""
    is_written = model is not Payee
    return {
        f"{table}_name_not_blank": (model, {"name": " "}, {"name": " "} if is_written else None),
        f"{table}_name_unique": (model, {"name": "=other"}, {"name": "=other"} if is_written else None),
    }


VIOLATIONS: dict[str, Violation] = {
    **named(CATEGORY, Category),
    **named(TAG, Tag),
    **named(PAYEE, Payee),
    f"{CATEGORY}_kind_choice": (Category, {"kind": "gift"}, {"kind": "gift"}),
    f"{CATEGORY}_slug_unique": (Category, {"slug": "=other"}, None),
    f"{CATEGORY}_slug_form": (Category, {"slug": "a b"}, None),
    f"{CATEGORY}_color_form": (Category, {"color": "#ABC"}, {"color": "#ABC"}),
    f"{CATEGORY}_icon_form": (Category, {"icon": "Shopping Cart"}, {"icon": "Shopping Cart"}),
    f"{CATEGORY}_parent_not_below": (Category, {"parent_id": F("id")}, None),
    f"{TRANSACTION}_tags_number": (FinancialTransaction, {"tags": [str(number) for number in range(31)]}, None),
    f"{TRANSACTION}_note_length": (FinancialTransaction, {"note": "n" * 2_001}, {"note": "n" * 2_001}),
    f"{TRANSACTION}_sources_kind": (FinancialTransaction, {"sources": {"category": {"kind": "guess"}}}, None),
    f"{TRANSACTION}_sources_shape": (FinancialTransaction, {"sources": []}, None),
    f"{TRANSACTION}_divided_by_choice": (FinancialTransaction, {"divided_by": "half"}, None),
    f"{TRANSACTION}_divided_by_not_transfer": (
        FinancialTransaction,
        {"divided_by": "refund_of", "transaction_type": "transfer"},
        None,
    ),
    f"{TRANSACTION}_category_not_split": (FinancialTransaction, {"divided_by": "splits", "category": "food"}, None),
    # parts and shares are written with their transaction, and its tests cover the refusals
    f"{SPLIT}_number_unique": (TransactionSplit, {"number": "=other", "transaction_id": "=other"}, None),
    f"{SPLIT}_number_bounds": (TransactionSplit, {"number": 51}, None),
    f"{SPLIT}_amount_not_zero": (TransactionSplit, {"amount": "0.00"}, None),
    f"{SPLIT}_currency_iso_4217": (TransactionSplit, {"currency": "usd"}, None),
    f"{SPLIT}_tags_number": (TransactionSplit, {"tags": [str(number) for number in range(31)]}, None),
    f"{SPLIT}_note_length": (TransactionSplit, {"note": "n" * 2_001}, None),
    f"{SHARE}_amount_above_zero": (RefundShare, {"amount": "0.00"}, None),
    f"{SHARE}_currency_iso_4217": (RefundShare, {"currency": "usd"}, None),
    f"{SHARE}_expense_unique": (RefundShare, {"refund_id": "=other", "expense_id": "=other"}, None),
    f"{SHARE}_expense_not_refund": (RefundShare, {"expense_id": F("refund_id")}, None),
    # the tests of transfers cover the refusals of pairs through the API, which writes nothing else
    f"{TRANSFER}_incoming_other": (Transfer, {"outgoing": F("incoming")}, None),
    f"{TRANSFER}_incoming_unique": (Transfer, {"outgoing_id": "=other", "incoming_id": "=other"}, None),
    f"{TRANSFER}_outgoing_accepted_unique": (Transfer, ACCEPTED | {"outgoing_id": "=other"}, None),
    f"{TRANSFER}_incoming_accepted_unique": (Transfer, ACCEPTED | {"incoming_id": "=other"}, None),
    f"{TRANSFER}_status_choice": (Transfer, {"status": "guessed", "decided_at": DECIDED}, None),
    f"{TRANSFER}_outgoing_type_choice": (Transfer, ACCEPTED | {"outgoing_type": "gift", "incoming_type": "income"}, None),
    f"{TRANSFER}_incoming_type_choice": (Transfer, ACCEPTED | {"outgoing_type": "fee", "incoming_type": "gift"}, None),
    f"{TRANSFER}_outgoing_type_sign": (Transfer, ACCEPTED | {"outgoing_type": "income", "incoming_type": "income"}, None),
    f"{TRANSFER}_incoming_type_sign": (Transfer, ACCEPTED | {"outgoing_type": "fee", "incoming_type": "fee"}, None),
    f"{TRANSFER}_decided_at_known": (Transfer, {"decided_at": DECIDED}, None),
    f"{TRANSFER}_confidence_bounds": (Transfer, {"confidence": "1.01"}, None),
    f"{TRANSFER}_reasons_shape": (Transfer, {"reasons": {}}, None),
    f"{RULE}_name_not_blank": (Rule, {"name": " "}, {"name": " "}),
    f"{RULE}_search_not_blank": (Rule, {"search": " "}, {"search": " "}),
    f"{RULE}_actions_shape": (Rule, {"actions": {}}, None),
    f"{RULE}_actions_number": (Rule, NO_ACTIONS, NO_ACTIONS),
    f"{RULE}_actions_form": (Rule, {"actions": [{"type": "set_note"}]}, None),  # the API names the action
    f"{RULE}_order_bounds": (Rule, {"order": -1}, {"order": -1}),
    f"{RULE}_version_bounds": (Rule, {"version": 0}, None),
    f"{RATE}_base_iso_4217": (ExchangeRate, {"base": "eur"}, {"base": "eur"}),
    f"{RATE}_quote_iso_4217": (ExchangeRate, {"quote": "usd"}, {"quote": "usd"}),
    f"{RATE}_quote_other": (ExchangeRate, {"quote": "EUR"}, {"quote": "EUR"}),
    f"{RATE}_day_bounds": (ExchangeRate, {"day": "1899-12-31"}, {"day": "1899-12-31"}),
    f"{RATE}_day_unique": (ExchangeRate, {"day": "=other"}, {"day": "=other"}),
    f"{RATE}_rate_bounds": (ExchangeRate, {"rate": "0"}, {"rate": "0"}),
    f"{RATE}_source_choice": (ExchangeRate, {"source": "guess"}, None),
    f"{RATE}_source_known": (ExchangeRate, {"source": "import"}, None),
    # the API cleans a name, and all else is read from the content of the file
    f"{ATTACHMENT}_name_characters": (Attachment, {"name": "fdp.\u202eexe.pdf"}, None),
    f"{ATTACHMENT}_media_type_choice": (Attachment, {"media_type": "svg"}, None),
    f"{ATTACHMENT}_size_bounds": (Attachment, {"size": 0}, None),
    f"{CHUNK}_number_unique": (AttachmentChunk, {"number": "=other", "attachment_id": "=other"}, None),
    f"{CHUNK}_number_bounds": (AttachmentChunk, {"number": 20}, None),
    f"{CHUNK}_content_size": (AttachmentChunk, {"content": Ciphertext(b"\x02" * 524_322)}, None),
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
