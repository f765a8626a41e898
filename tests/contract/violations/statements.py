"""Violations of the constraints of accounts, transactions and imports, in SQL and through the API."""

from typing import Any
from uuid import UUID

from finance.models import (
    DeletedTransaction,
    EditedRow,
    EditRun,
    EncryptedFinancialProfile,
    FinancialTransaction,
    StatementImport,
    StatementImportRow,
)

ACCOUNT, TRANSACTION = "finance_encryptedfinancialprofile", "finance_financialtransaction"
IMPORT, ROW = "finance_statementimport", "finance_statementimportrow"

BALANCE = {"account_balance": "5.00", "balance_date": "2026-01-31", "balance_source": "user"}

VIOLATIONS: dict[str, tuple[Any, dict[str, Any], dict[str, Any] | None]] = {
    f"{ACCOUNT}_profile_name_not_blank": (EncryptedFinancialProfile, {"profile_name": " "}, {"profile_name": " "}),
    f"{ACCOUNT}_profile_type_choice": (EncryptedFinancialProfile, {"profile_type": "piggy"}, {"profile_type": "piggy"}),
    f"{ACCOUNT}_currency_iso_4217": (EncryptedFinancialProfile, {"currency": "usd"}, {"currency": "usd"}),
    f"{ACCOUNT}_credit_limit_bounds": (EncryptedFinancialProfile, {"credit_limit": "-0.01"}, {"credit_limit": "-0.01"}),
    f"{ACCOUNT}_account_balance_sign": (
        EncryptedFinancialProfile,
        BALANCE | {"profile_type": "loan"},
        {"profile_type": "loan", "account_balance": "5.00"},
    ),
    f"{ACCOUNT}_overpaid_sign": (EncryptedFinancialProfile, BALANCE | {"overpaid": True}, {"overpaid": True}),
    f"{ACCOUNT}_balance_date_known": (
        EncryptedFinancialProfile,
        {"balance_date": "2026-01-31"},
        {"balance_date": "2026-01-31"},
    ),
    f"{ACCOUNT}_balance_date_bounds": (
        EncryptedFinancialProfile,
        BALANCE | {"balance_date": "1899-12-31"},
        {"account_balance": "5.00", "balance_date": "1899-12-31"},
    ),
    f"{ACCOUNT}_balance_source_known": (EncryptedFinancialProfile, {"balance_source": "user"}, None),  # read-only
    f"{ACCOUNT}_balance_source_choice": (EncryptedFinancialProfile, BALANCE | {"balance_source": "bank"}, None),
    f"{ACCOUNT}_opening_balance_known": (EncryptedFinancialProfile, {"opening_balance": "5.00"}, None),
    f"{ACCOUNT}_opening_balance_size": (
        EncryptedFinancialProfile,
        {"opening_balance": "10000000000000.00", "reconciled_date": "2026-01-31"},
        None,
    ),
    f"{ACCOUNT}_opening_balance_decimals": (
        EncryptedFinancialProfile,
        {"opening_balance": "5.005", "reconciled_date": "2026-01-31"},
        None,
    ),
    f"{ACCOUNT}_reconciled_date_bounds": (
        EncryptedFinancialProfile,
        {"opening_balance": "5.00", "reconciled_date": "1899-12-31"},
        None,
    ),
    f"{ACCOUNT}_interest_rate_bounds": (EncryptedFinancialProfile, {"interest_rate": "1.0001"}, {"interest_rate": "1.0001"}),
    f"{ACCOUNT}_sync_status_choice": (EncryptedFinancialProfile, {"sync_status": "done"}, None),  # read-only
    f"{ACCOUNT}_metadata_shape": (EncryptedFinancialProfile, {"metadata": []}, {"metadata": []}),
    f"{TRANSACTION}_amount_not_zero": (
        FinancialTransaction,
        {"amount": "0.00", "transaction_type": "transfer"},
        {"amount": "0.00"},
    ),
    f"{TRANSACTION}_amount_sign": (FinancialTransaction, {"amount": "5.00"}, {"amount": "5.00"}),
    f"{TRANSACTION}_transaction_type_choice": (
        FinancialTransaction,
        {"transaction_type": "loan"},
        {"transaction_type": "loan"},
    ),
    f"{TRANSACTION}_status_choice": (FinancialTransaction, {"status": "done"}, {"status": "done"}),
    f"{TRANSACTION}_currency_iso_4217": (FinancialTransaction, {"currency": "US"}, {"currency": "US"}),
    f"{TRANSACTION}_transaction_date_bounds": (
        FinancialTransaction,
        {"transaction_date": "1899-12-31"},
        {"transaction_date": "1899-12-31"},
    ),
    f"{TRANSACTION}_posted_date_bounds": (
        FinancialTransaction,
        {"posted_date": "2201-01-01"},
        {"posted_date": "2201-01-01"},
    ),
    f"{TRANSACTION}_reconciled_date_bounds": (FinancialTransaction, {"reconciled_date": "2201-01-01"}, None),
    f"{TRANSACTION}_metadata_shape": (FinancialTransaction, {"metadata": []}, {"metadata": []}),
    f"{TRANSACTION}_reference_number_unique": (
        FinancialTransaction,
        {"reference_number": "FIT-1", "financial_profile_id": "=other"},
        None,  # test_constraints.py tests it, with both on one account
    ),
    # imports are created from files, never from fields
    f"{IMPORT}_format_choice": (StatementImport, {"format": "pdf"}, None),
    f"{IMPORT}_mapping_shape": (StatementImport, {"mapping": []}, None),
    f"{IMPORT}_options_shape": (StatementImport, {"options": []}, None),
    f"{IMPORT}_balance_reason_choice": (StatementImport, {"balance_reason": "mood"}, None),
    f"{IMPORT}_statement_shape": (StatementImport, {"statement": []}, None),
    f"{IMPORT}_warnings_shape": (StatementImport, {"warnings": {}}, None),
    f"{IMPORT}_account_before_shape": (StatementImport, {"account_before": []}, None),
    f"{IMPORT}_created_bounds": (StatementImport, {"created": -1}, None),
    f"{ROW}_verdict_choice": (StatementImportRow, {"verdict": "maybe"}, None),
    f"{ROW}_reason_choice": (StatementImportRow, {"reason": "weather"}, None),
    f"{ROW}_data_shape": (StatementImportRow, {"data": []}, None),
    f"{ROW}_before_shape": (StatementImportRow, {"before": []}, None),
    f"{ROW}_deleted_row_shape": (StatementImportRow, {"deleted_row": []}, None),
    f"{ROW}_provider_id_unique": (
        StatementImportRow,
        {"account_id": "=other", "provider_id": "FIT-1", "is_claim": True, "content_hash": None, "occurrence": 0},
        None,
    ),
    f"{ROW}_content_hash_unique": (
        StatementImportRow,
        {"account_id": "=other", "content_hash": UUID(int=1), "occurrence": 1, "is_claim": True},
        None,
    ),
    # edits and deleted transactions are written by triggers and services
    "finance_editrun_kind_choice": (EditRun, {"kind": "mood"}, None),
    "finance_editrun_row_count_bounds": (EditRun, {"row_count": -1}, None),
    "finance_editrun_details_shape": (EditRun, {"details": []}, None),
    "finance_editrun_rule_version_bounds": (EditRun, {"rule_version": 0}, None),
    "finance_editrun_rule_version_known": (EditRun, {"kind": "bulk"}, None),
    "finance_editrun_undone_at_in_time": (EditRun, {"undone_at": "2199-01-01T00:00:00Z"}, None),
    "finance_editedrow_before_shape": (EditedRow, {"before": []}, None),
    "finance_editedrow_after_shape": (EditedRow, {"after": []}, None),
    "finance_editedrow_transaction_id_unique": (EditedRow, {"run_id": "=other", "transaction_id": "=other"}, None),
    "finance_deletedtransaction_row_shape": (DeletedTransaction, {"row": []}, None),
    "finance_deletedtransaction_parts_shape": (DeletedTransaction, {"parts": []}, None),
}
