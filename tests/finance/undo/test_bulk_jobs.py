"""Bulk updates of more than 1,000 transactions, which a job applies."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from core import jobs
from dev.factories import TransactionFactory
from finance.models import Category, EditRun, FinancialTransaction
from tests.commands.conftest import no_jobs
from tests.finance.undo.conftest import BULK, state_of
from users.models import Upload, User

__all__ = ["no_jobs"]

NUMBER = 1_100
Send = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("no_jobs")


@pytest.fixture
def _many(alice: User, account: Any) -> None:
    rows = TransactionFactory.build_batch(NUMBER, user=alice, financial_profile=account, tags=[], description="shop")
    FinancialTransaction.objects.bulk_create(rows)


def upload(client: APIClient, body: Any) -> Any:
    """Send a bulk call for a job, run it, and return the upload."""
    response = client.post(BULK, body)
    assert response.status_code == 202, response.content
    assert (response.json()["kind"], response.json()["status"]) == ("bulk", "queued")
    jobs.run_pending()
    return client.get(response.headers["Location"]).json()


@pytest.mark.usefixtures("_many")
@pytest.mark.parametrize("selection", [{"search": "shop"}, {"filter": {"amount__lte": "0"}}], ids=str)
def test_a_job_applies_and_undoes_a_patch(send: Send, as_alice: APIClient, selection: Any) -> None:
    before = state_of()
    body = {**selection, "patch": {"category": "New", "tags": ["a"]}, "expected_count": NUMBER}
    done = upload(as_alice, body)
    assert (done["status"], done["error"], done["progress"]) == ("done", None, 100)
    token = done["result"].pop("undo_token")
    assert done["result"] == {"created": [], "updated": NUMBER, "deleted": 0, "warnings": []}
    assert FinancialTransaction.objects.filter(category="new", tags=["a"]).count() == NUMBER
    assert EditRun.objects.get(pk=token).row_count == NUMBER
    assert send(f"{BULK}undo/", {"undo_token": token})["restored"] == NUMBER
    assert state_of() == before


@pytest.mark.usefixtures("_many")
@pytest.mark.parametrize(
    ("patch", "count", "code", "attr"),
    [
        ({"category": "New"}, NUMBER + 1, "unexpected_count", None),
        ({"category": "New", "amount": "5.00"}, NUMBER, "wrong_sign", "patch.0.amount"),
        ({"colr": "red"}, NUMBER, "unknown_field", "patch.0.colr"),
    ],
)
def test_a_job_changes_all_or_nothing(as_alice: APIClient, patch: Any, count: int, code: str, attr: str | None) -> None:
    before = state_of()
    done = upload(as_alice, {"search": "shop", "patch": patch, "expected_count": count})
    assert (done["status"], done["result"]) == ("failed", None)
    assert (done["error"]["code"], done["error"]["attr"]) == (code, attr)
    assert state_of() == before
    assert not EditRun.objects.exists()
    assert not Category.objects.filter(name="New").exists()


def test_more_than_100_000_rows_are_refused(as_alice: APIClient) -> None:
    response = as_alice.post(BULK, {"search": "shop", "patch": {"note": ""}, "expected_count": 100_001})
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "expected_count")


def test_a_canceled_job_changes_nothing(as_alice: APIClient, alice: User) -> None:
    TransactionFactory(user=alice)
    location = as_alice.post(BULK, {"search": "a", "patch": {"note": "1"}, "expected_count": 1001}).headers["Location"]
    assert as_alice.post(f"{location}cancel/").status_code == 200
    jobs.run_pending()
    assert Upload.objects.get().status == "canceled"


def test_two_undos_at_most_1_000_rows_need_no_job(send: Send, alice: User) -> None:
    row = TransactionFactory(user=alice, description="shop")
    assert send(BULK, {"search": "shop", "patch": {"note": "1"}, "expected_count": 1})["updated"] == 1
    row.refresh_from_db()
    assert row.note == "1"
