"""One decision for all rows of an import that are in review for the same reason."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from rest_framework.test import APIClient

from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport, StatementImportRow
from tests.conftest import ClientFor
from tests.finance.imports.conftest import URL, Bring, Send, Undo
from tests.finance.imports.statement_files import Line, ofx_of
from tests.finance.imports.test_review import manual_transaction
from users.models import User

ROWS = [Line(day=date(2026, 3, 2 + number), text=f"Shop {number}") for number in range(10)]


def named(prefix: str) -> bytes:
    return ofx_of(*[replace(line, id=f"{prefix}{number}") for number, line in enumerate(ROWS)])


@pytest.fixture
def changed(bring: Bring) -> str:
    """Return the URL of an import of ten known rows under other ids."""
    bring(named("A"))
    return f"{URL}{bring(named('B')).id}/"


def resolve(client: APIClient, url: str, decision: str = "match", reason: str = "ids_changed") -> Any:
    return client.post(f"{url}resolve/", {"reason": reason, "decision": decision}, format="json")


NOTHING = {"created": 0, "duplicates": 0, "tombstoned": 0, "superseded": 0, "left": 0}


@pytest.mark.parametrize(("decision", "count"), [("match", "duplicates"), ("create", "created"), ("ignore", "tombstoned")])
def test_it_decides_on_all_rows(changed: str, as_alice: APIClient, decision: str, count: str) -> None:
    response = resolve(as_alice, changed, decision)
    assert (response.status_code, response.json()) == (200, NOTHING | {count: 10})
    record = as_alice.get(changed).json()
    assert (record["review"], record[count], record["review_reasons"]) == (0, 10, {})


def test_the_import_says_how_many_rows_wait_for_what(send: Send, as_alice: APIClient) -> None:
    send(named("A"))
    dry = send(named("B"), dry_run=True).json()
    real = send(named("B")).json()
    assert dry["review_reasons"] == real["review_reasons"] == {"ids_changed": 10}
    assert dry["preview"][0]["reason"] == "ids_changed"
    assert as_alice.get(f"{URL}{real['id']}/").json()["review_reasons"] == {"ids_changed": 10}


def test_rows_are_filtered_by_reason(changed: str, as_alice: APIClient) -> None:
    rows = as_alice.get(f"{changed}rows/", {"reason": "ids_changed"}).json()["results"]
    assert len(rows) == 10
    assert (rows[0]["reason"], rows[0]["transaction_date"], rows[0]["amount"]) == ("ids_changed", "2026-03-02", "-5.00")
    assert as_alice.get(f"{changed}rows/", {"reason": "correction"}).json()["results"] == []
    assert as_alice.get(f"{changed}rows/", {"reason": "weather"}).status_code == 400


def test_a_second_decision_finds_nothing(changed: str, as_alice: APIClient) -> None:
    resolve(as_alice, changed)
    assert resolve(as_alice, changed).json() == NOTHING
    assert resolve(as_alice, changed, reason="correction").json() == NOTHING


def test_a_row_whose_candidate_was_deleted_is_left(changed: str, as_alice: APIClient) -> None:
    FinancialTransaction.objects.get(reference_number="A3").delete()
    assert resolve(as_alice, changed).json() == NOTHING | {"duplicates": 9, "left": 1}
    assert as_alice.get(changed).json()["review_reasons"] == {"ids_changed": 1}


def test_an_undone_import_is_not_resolved(changed: str, as_alice: APIClient) -> None:
    as_alice.delete(changed)
    assert resolve(as_alice, changed).status_code == 409


def test_a_closed_account_is_not_changed(changed: str, as_alice: APIClient) -> None:
    EncryptedFinancialProfile.objects.update(is_active=False)
    response = resolve(as_alice, changed)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "account_closed")


@pytest.mark.parametrize(
    ("body", "attr", "code"),
    [
        ({"decision": "match"}, "reason", "required"),
        ({"reason": "weather", "decision": "match"}, "reason", "invalid_choice"),
        ({"reason": "ids_changed", "decision": "perhaps"}, "decision", "invalid_choice"),
        ({"reason": "ids_changed", "decision": "match", "rows": 3}, "rows", "unknown_field"),
    ],
)
def test_an_invalid_decision_is_refused(changed: str, as_alice: APIClient, body: dict, attr: str, code: str) -> None:
    response = as_alice.post(f"{changed}resolve/", body, format="json")
    assert response.status_code == 400
    assert (response.json()["errors"][0]["attr"], response.json()["errors"][0]["code"]) == (attr, code)


def test_another_users_import_is_not_found(changed: str, bob: User, api: ClientFor) -> None:
    assert resolve(api(bob), changed).status_code == 404
    assert StatementImport.objects.latest("created_at").review == 10


def test_two_rows_do_not_complete_the_same_pending_transaction(bring: Bring, as_alice: APIClient) -> None:
    bring(ofx_of(pending=(Line(id="H1"), Line(id="H2", day=date(2026, 3, 3)))))
    rows = [Line(id=f"P{number}", day=date(2026, 3, 4)) for number in range(3)]
    url = f"{URL}{bring(ofx_of(*rows)).id}/"
    response = resolve(as_alice, url, reason="pending_may_have_posted")
    assert response.json() == NOTHING | {"superseded": 2, "left": 1}
    assert resolve(as_alice, url, reason="pending_may_have_posted").json() == NOTHING | {"left": 1}
    assert FinancialTransaction.objects.filter(status="completed").count() == 2


def test_a_manual_transaction_is_matched(bring: Bring, account: EncryptedFinancialProfile, as_alice: APIClient) -> None:
    mine = manual_transaction(account)
    result = bring(ofx_of(Line(id="P1")))
    assert result.review_reasons == {"possible_duplicate": 1}
    assert resolve(as_alice, f"{URL}{result.id}/", reason="possible_duplicate").json()["duplicates"] == 1
    assert FinancialTransaction.objects.get() == mine


def test_an_undo_takes_the_decision_back(changed: str, as_alice: APIClient, undo: Undo, bring: Bring) -> None:
    before = list(FinancialTransaction.objects.order_by("pk").values())
    resolve(as_alice, changed, "create")
    assert as_alice.delete(changed).json()["removed"] == 10
    assert list(FinancialTransaction.objects.order_by("pk").values()) == before
    assert StatementImportRow.objects.filter(is_claim=True).count() == 10
