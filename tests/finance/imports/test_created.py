"""Transactions created from the rows of a file."""

from datetime import date
from decimal import Decimal

from django.test import Client

from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport, StatementImportRow
from tests.finance.imports.conftest import Bring
from tests.finance.imports.statement_files import Line, csv_file, csv_of, ofx_of

COFFEE = Line(id="P1")


def test_a_row_of_ofx_becomes_a_completed_transaction(bring: Bring, account: EncryptedFinancialProfile) -> None:
    bring(ofx_of(COFFEE))
    row = FinancialTransaction.objects.get()
    assert (row.user_id, row.financial_profile_id) == (account.user_id, account.pk)
    assert (row.amount, row.currency, row.transaction_type) == (Decimal("-5.00"), "USD", "expense")
    assert (row.description, row.merchant_name) == ("Coffee House", "Coffee House")
    assert (row.transaction_date, row.posted_date) == (date(2026, 3, 2), date(2026, 3, 2))
    assert (row.reference_number, row.status, row.metadata) == ("P1", "completed", {})
    assert row.created_at == row.updated_at


def test_a_row_of_csv_becomes_a_transaction_with_its_category(bring: Bring) -> None:
    result = bring(csv_file("2026-03-02,1200.50,Salary,Income", header="Date,Amount,Description,Category"))
    row = FinancialTransaction.objects.get()
    assert (result.format, result.created) == ("csv", 1)
    assert (row.amount, row.transaction_type, row.category) == (Decimal("1200.50"), "income", "income")
    assert row.reference_number == ""


def test_a_pending_row_becomes_a_pending_transaction(bring: Bring) -> None:
    bring(ofx_of(pending=(COFFEE,)))
    row = FinancialTransaction.objects.get()
    assert (row.status, row.posted_date) == ("pending", None)


def test_keys_are_version_7_and_in_the_order_of_the_file(bring: Bring) -> None:
    bring(csv_of(Line(text="first"), Line(text="second"), Line(text="third")))
    rows = list(FinancialTransaction.objects.order_by("pk"))
    assert [row.description for row in rows] == ["first", "second", "third"]
    assert {row.pk.version for row in rows} == {7}


def test_the_import_is_recorded_with_its_rows(bring: Bring, account: EncryptedFinancialProfile) -> None:
    result = bring(ofx_of(COFFEE), filename="march.ofx")
    record, row = StatementImport.objects.get(), StatementImportRow.objects.get()
    assert (record.pk, record.account_id, record.filename, record.format) == (result.id, account.pk, "march.ofx", "ofx")
    assert (record.created, record.duplicates, record.failed) == (1, 0, 0)
    assert len(record.file_digest) == 64
    assert (row.statement_import_id, row.number, row.verdict, row.is_claim) == (record.pk, 1, "created", True)
    assert row.transaction_id == FinancialTransaction.objects.get().pk


def test_a_qfx_file_is_recognized_by_its_name(bring: Bring) -> None:
    assert bring(ofx_of(COFFEE), filename="march.qfx").format == "qfx"


def test_an_ofx_file_without_transactions_imports_nothing(bring: Bring) -> None:
    result = bring(ofx_of())
    assert (result.created, result.duplicates, result.errors) == (0, 0, [])
    assert StatementImport.objects.get().pk == result.id


def test_special_characters_are_stored_unchanged(bring: Bring) -> None:
    bring(csv_file('2026-03-02,-5.00,"C:\\new ""quoted"" \\N é 漢字 🎉"'))
    assert FinancialTransaction.objects.get().description == 'C:\\new "quoted" \\N é 漢字 🎉'


def test_the_account_is_marked_as_synced(bring: Bring, account: EncryptedFinancialProfile) -> None:
    bring(ofx_of(COFFEE))
    account.refresh_from_db()
    assert account.sync_status == "success"
    assert account.last_sync_at is not None


def test_nothing_is_imported_without_credentials(account: EncryptedFinancialProfile) -> None:
    assert Client().post("/api/v1/finance/imports/").status_code == 401
