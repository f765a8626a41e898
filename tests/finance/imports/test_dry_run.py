"""Dry runs return the import's verdicts and write nothing (rule 1)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dev.factories import TransactionFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImportRow
from tests.finance.imports.conftest import Bring
from tests.finance.imports.statement_files import Line, csv_file, csv_of, ofx_of

EARLIER = ofx_of(Line(id="P1"), Line(id="P2", text="Gone"), pending=(Line(id="H1", text="Bistro"),))
LATER = ofx_of(
    Line(id="P1"),
    Line(id="P1"),
    Line(id="P2", text="Gone"),
    Line(id="P3", text="Bistro", day=date(2026, 3, 4)),
    Line(id="P4", amount="-9.00", text="Other"),
    Line(id="P5", amount="nothing"),
    Line(id="P6", amount="-1.00"),
)


def prepare(bring: Bring, account: EncryptedFinancialProfile) -> None:
    """Store rows in the account so that `LATER` gets every verdict."""
    bring(EARLIER)
    FinancialTransaction.objects.get(description="Gone").delete()
    entered = {"amount": Decimal("-9.00"), "transaction_date": date(2026, 3, 2), "status": "completed"}
    TransactionFactory(user=account.user, financial_profile=account, **entered)


def snapshot() -> dict[str, list[object]]:
    models = apps.get_app_config("finance").get_models()
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def test_a_dry_run_returns_the_result_of_the_real_run(bring: Bring, account: EncryptedFinancialProfile) -> None:
    prepare(bring, account)
    dry, real = bring(LATER, dry_run=True), bring(LATER)
    assert replace(dry, id=real.id, dry_run=False, preview=[]) == real
    counts = (real.created, real.duplicates, real.tombstoned, real.superseded, real.review, real.failed)
    assert counts == (1, 2, 1, 1, 1, 1)
    rows = StatementImportRow.objects.filter(statement_import_id=real.id).order_by("number")
    assert [row.verdict for row in dry.preview] == [row.verdict for row in rows]


def test_a_dry_run_changes_nothing(bring: Bring, account: EncryptedFinancialProfile) -> None:
    prepare(bring, account)
    before = snapshot()
    result = bring(LATER, dry_run=True)
    assert (result.id, result.dry_run) == (None, True)
    assert snapshot() == before


def test_a_dry_run_writes_to_no_table_but_its_own(bring: Bring, account: EncryptedFinancialProfile) -> None:
    prepare(bring, account)
    with CaptureQueriesContext(connection) as queries:
        bring(LATER, dry_run=True)
    writes = [query["sql"] for query in queries if "INSERT INTO finance" in query["sql"] or "UPDATE finance" in query["sql"]]
    assert writes == []


def test_the_preview_shows_the_first_hundred_rows(bring: Bring) -> None:
    rows = [f"2026-03-02,-{number}.00,Shop {number}" for number in range(1, 151)]
    preview = bring(csv_file(*rows), dry_run=True).preview
    assert [row.number for row in preview] == list(range(2, 102))
    assert (preview[0].verdict, preview[0].data["amount"], preview[0].data["description"]) == ("created", "-1.00", "Shop 1")


def test_the_preview_shows_the_error_of_a_row(bring: Bring) -> None:
    row = bring(csv_of(Line(), Line(amount="nothing")), dry_run=True).preview[1]
    assert (row.verdict, row.data["field"], row.data["code"]) == ("error", "amount", "bad_amount")


def test_a_real_run_has_no_preview(bring: Bring) -> None:
    assert bring(csv_of(Line())).preview == []
