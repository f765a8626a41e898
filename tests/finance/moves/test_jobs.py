"""Large files: accepted with 202, moved in by a job, with the result of a small one, in a bounded number of queries."""

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from core import jobs
from finance.models import FinancialTransaction, Transfer
from tests.commands.conftest import no_jobs
from tests.finance.imports.upload_files import location
from tests.finance.moves.app_files import actual_file, actual_row, firefly_file, firefly_row
from tests.finance.moves.conftest import Send
from users.models import Upload

__all__ = ["no_jobs"]

pytestmark = pytest.mark.usefixtures("no_jobs")


def days(number: int) -> str:
    return f"20{number // 300 % 100:02}-{number % 12 + 1:02}-{number % 25 + 1:02}"


def large(rows: int) -> bytes:
    """Return a file with a split, a transfer and two plain rows for every five lines."""
    lines = []
    for number in range(rows // 5):
        day, amount = days(number), f"-{number + 1}"
        lines += [
            actual_row(date=day, amount="0", split=str(-2 * number - 3), notes="(SPLIT INTO 2) "),
            actual_row(date=day, amount=amount, notes="(SPLIT 1 OF 2) ", category="Food"),
            actual_row(date=day, amount=str(-number - 2), notes="(SPLIT 2 OF 2) ", category="Home"),
            actual_row(date=day, payee="Cash", amount=amount),
            actual_row("Cash", date=day, payee="Bank", amount=str(number + 1)),
        ]
    return actual_file(*lines)


def test_more_than_500_rows_are_moved_in_by_a_job(send: Send, as_alice: APIClient) -> None:
    response = send(large(1_000), dry_run=False)
    assert (response.status_code, response.json()["kind"], response.json()["status"]) == (202, "move", "queued")
    jobs.run_pending()
    done = as_alice.get(location(response)).json()
    assert (done["status"], done["progress"], done["error"]) == ("done", 100, None)
    assert (done["result"]["dry_run"], done["result"]["splits"], done["result"]["transfers"]) == (False, 200, 200)
    assert (FinancialTransaction.objects.count(), Transfer.objects.count()) == (600, 200)


def test_a_job_has_the_decisions_of_the_request(send: Send, as_alice: APIClient) -> None:
    fields = {"accounts": {"Cash": None}, "categories": {"Food": "Eating"}, "currency": "CHF", "dry_run": False}
    response = send(large(1_000), **fields)
    jobs.run_pending()
    result = as_alice.get(location(response)).json()["result"]
    assert [(account["action"], account["currency"]) for account in result["accounts"]] == [("create", "CHF"), ("skip", "CHF")]
    assert sorted(category["category"] for category in result["categories"]) == ["eating", "home"]


def test_the_result_of_a_job_is_that_of_a_request(send: Send, as_alice: APIClient, settings: LazySettings) -> None:
    response = send(large(1_000))
    jobs.run_pending()
    settings.IMPORT_DIRECT_ROWS = 2_000
    assert as_alice.get(location(response)).json()["result"] == send(large(1_000)).json()


def test_a_wrong_decision_is_found_before_the_job(send: Send) -> None:
    assert send(large(1_000), accounts={"Bank": {"account": "mine"}}).status_code == 400
    assert not Upload.objects.exists()


def test_a_large_file_of_another_kind_is_refused_at_once(send: Send) -> None:
    response = send(b"Date,Amount,Text\n" + b"2025-01-01,1.00,Some text of a bank\n" * 40_000)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "unknown_app")


def test_a_failure_of_the_job_is_reported(send: Send, as_alice: APIClient, settings: LazySettings) -> None:
    response = send(large(1_000), dry_run=False)
    settings.IMPORT_MAX_ROWS = 600
    jobs.run_pending()
    done = as_alice.get(location(response)).json()
    assert (done["status"], done["error"]["code"], done["error"]["attr"]) == ("failed", "too_many_rows", "file")
    assert not FinancialTransaction.objects.exists()


@pytest.mark.parametrize("rows", [10, 400])
def test_the_number_of_queries_does_not_grow_with_the_rows(send: Send, rows: int) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert send(large(rows), dry_run=False).status_code == 201
    assert len(queries) < 190


def test_10_000_rows_are_moved_in_at_once(send: Send, settings: LazySettings) -> None:
    settings.IMPORT_DIRECT_ROWS, settings.IMPORT_DIRECT_BYTES = 20_000, 20_000_000
    rows = [
        firefly_row(
            group_id=str(number), journal_id=str(number), date=f"{days(number)}T00:00:00+00:00", tags=f"tag {number % 50}"
        )
        for number in range(10_000)
    ]
    with CaptureQueriesContext(connection) as queries:
        body = send(firefly_file(*rows), dry_run=False).json()
    assert (body["accounts"][0]["created"], len(queries) < 190) == (10_000, True)


def test_each_period_is_searched_for_transfers_once(move: Send) -> None:
    rows = [actual_row(name, f"{year}-03-15") for name in ("Bank", "Cash", "Old") for year in (2024, 2025)]
    move(actual_file(*rows, actual_row("Cash", "2026-03-15"), actual_row("Cash", "2023-03-15")))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'finance.tasks.propose_transfers'")
        assert cursor.fetchone() == (1,)
