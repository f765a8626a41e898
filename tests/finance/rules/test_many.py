"""Rules on 10,000 transactions of every kind: the preview is what the run does, and an undo takes it back."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from rest_framework.test import APIClient

from core import jobs
from dev.factories import CategoryFactory, PayeeFactory, TagFactory
from finance.models import FinancialTransaction, TransactionSplit
from tests.commands.conftest import no_jobs
from tests.finance.rules.conftest import RULE_RUNS, whole_state
from users.models import User

__all__ = ["no_jobs"]
Send = Callable[..., Any]
MANY = 1_000
# Every type, currency, tag, source and division, in combinations that do not repeat soon.
FILL = """
INSERT INTO finance_financialtransaction
       (id, user_id, transaction_type, amount, currency, description, category, merchant_name, payee, transaction_date,
        reference_number, status, tags, note, divided_by, metadata, sources, created_at, updated_at)
SELECT core_uuid7(now() - make_interval(secs => n)), %(user)s,
       CASE WHEN n %% 2 = 0 THEN (ARRAY['income', 'refund', 'transfer'])[n / 2 %% 3 + 1]
            ELSE (ARRAY['expense', 'fee', 'transfer'])[n / 2 %% 3 + 1] END,
       round((CASE WHEN n %% 2 = 0 THEN 1 ELSE -1 END) * (n %% 997 + 1) / 100.0 + 0, core_minor_units(currency))
           + CASE WHEN currency = 'JPY' THEN (CASE WHEN n %% 2 = 0 THEN 1 ELSE -1 END) * (n %% 5 + 1) ELSE 0 END,
       currency, (ARRAY['lunch', 'dinner', 'lunch with friends'])[n %% 3 + 1],
       CASE WHEN n %% 11 <> 0 THEN (ARRAY[NULL, 'food', 'rent'])[n %% 3 + 1] END, '',
       (ARRAY[NULL, 'Shop', 'Cafe'])[n / 3 %% 3 + 1], date '2026-01-01' - n %% 700, '', 'completed',
       CASE n %% 4 WHEN 0 THEN ARRAY['a'] WHEN 1 THEN ARRAY['b', 'a'] ELSE '{}' END,
       (ARRAY['', 'n', 'mine'])[n / 5 %% 3 + 1],
       CASE WHEN n %% 11 = 0 AND n / 2 %% 3 <> 2 THEN 'splits' ELSE '' END, '{}',
       CASE WHEN n %% 7 = 0 THEN '{}'::jsonb ELSE jsonb_build_object(
           (ARRAY['category', 'payee', 'tags', 'note', 'splits', 'transfer'])[n %% 6 + 1],
           jsonb_build_object('kind', (ARRAY['user', 'rule', 'suggestion', 'import'])[n / 6 %% 4 + 1], 'id', NULL))
       END, now(), now()
  FROM generate_series(1, %(number)s) AS n, LATERAL (SELECT (ARRAY['USD', 'JPY', 'KWD'])[n %% 3 + 1] AS currency) AS unit
"""
PARTS = """
INSERT INTO finance_transactionsplit (id, user_id, transaction_id, number, amount, currency)
SELECT core_uuid7(clock_timestamp()), user_id, id, 1, amount, currency
  FROM finance_financialtransaction WHERE divided_by = 'splits'
"""


def fill(user: User, number: int) -> None:
    for name in ("food", "rent"):
        CategoryFactory(user=user, name=name, slug=name)
    for name in ("Shop", "Cafe"):
        PayeeFactory(user=user, name=name)
    for name in ("a", "b"):
        TagFactory(user=user, name=name)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FILL, {"user": user.pk, "number": number})
        cursor.execute(PARTS)


def pages(send: Send, url: str) -> Iterator[Any]:
    offset = 0
    while True:
        page = send(f"{url}preview/", {"limit": 1_000, "offset": offset})
        yield page
        offset = page["next"]
        if offset is None:
            return


def shown(row: Any) -> dict[str, Any]:
    """Return the fields of a transaction as a preview shows them."""
    fields = {name: row[name] or "" for name in ("category", "payee", "note", "transaction_type")}
    return fields | {"tags": row["tags"], "splits": []}


def as_shown() -> dict[str, dict[str, Any]]:
    found = {
        str(row["pk"]): shown(row)
        for row in FinancialTransaction.objects.values("pk", "category", "payee", "note", "tags", "transaction_type")
    }
    for part in TransactionSplit.objects.order_by("number"):
        named = {"category": part.category, "note": part.note, "tags": part.tags}
        found[str(part.transaction_id)]["splits"].append({"amount": str(part.amount), **named})
    return found


NAMES = [("set_category", "food"), ("set_payee", "Shop"), ("add_tag", "c"), ("remove_tag", "a"), ("set_note", "n")]
SPLIT = [("split", [{"percent": "33.3", "category": "food", "tags": ["a"]}, {"amount": "1"}, {}]), ("set_payee", "New")]
TRANSFER = [("mark_transfer", None), ("add_tag", "b")]


@pytest.mark.usefixtures("no_jobs")
@pytest.mark.parametrize(
    ("number", "actions"), [(10_000, NAMES), (4_000, SPLIT), (4_000, TRANSFER)], ids=["names", "split", "type"]
)
def test_a_run_makes_the_changes_of_the_preview(
    send: Send, make_rule: Send, as_alice: APIClient, alice: User, number: int, actions: Any
) -> None:
    fill(alice, number)
    url = make_rule("lunch", *actions)
    before, shown_before = whole_state(), as_shown()
    found = list(pages(send, url))
    changes = [each for page in found for each in page["changes"]]
    skipped = [each for page in found for each in page["skipped"]]
    count = len({each["transaction"] for each in changes})
    assert (count, len(changes), len(skipped)) == tuple(found[0][name] for name in ("count", "change_count", "skipped_count"))
    assert count > MANY
    assert len(skipped) > MANY / 4
    expected = {key: dict(row) for key, row in shown_before.items()}
    for each in changes:
        assert expected[each["transaction"]][each["field"]] == each["before"]
        expected[each["transaction"]][each["field"]] = each["after"]
    location = as_alice.post(f"{url}apply/", {"expected_count": count}).headers["Location"]
    jobs.run_pending()
    done = as_alice.get(location).json()
    assert (done["error"], done["result"]["updated"]) == (None, count)
    assert as_shown() == expected
    for key, row in whole_state()[0].items():
        chosen = {name for name, entry in before[0][key]["sources"].items() if entry["kind"] in ("user", "suggestion")}
        assert {name: row["sources"].get(name) for name in chosen} == {name: before[0][key]["sources"][name] for name in chosen}
    assert send(f"{RULE_RUNS}{done['result']['runs'][0]['id']}/undo/") | {"id": ""} == {
        "id": "",
        "restored": count,
        "kept_count": 0,
        "kept": [],
    }
    assert whole_state() == before
