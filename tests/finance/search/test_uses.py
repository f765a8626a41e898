"""The uses of a search: the list, its pages and its compiled path, the export and bulk calls."""

import json
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from rest_framework.test import APIClient

from finance.models import FinancialTransaction
from tests.conftest import ClientFor
from tests.contract.list_client import ListClient, used, watch
from tests.finance.search.conftest import LIST
from tests.finance.search.world import World
from users.models import User

COMPILED = [
    "coffee",
    "star*",
    '"corner shop"',
    "-tea",
    "(coffee or tea) -star*",
    "category:food",
    "tag:work",
    "payee:corner",
    "account:checking",
    "amount>5",
    "amount:5..100",
    "signed<0",
    "date:2026",
    "date:2024-02..2026-03 posted>2025",
    "status:pending currency:EUR type:expense",
    "description:coffee note:tea",
    "has:tag is:uncategorized",
    "tea sort:-amount",
    "sort:posted",
]


@pytest.fixture
def world(alice: User, bob: User) -> World:
    found = World(Random(5))
    found.fill(alice, 120)
    World(Random(6)).fill(bob, 20)
    return found


@pytest.mark.usefixtures("world")
def test_a_searched_list_is_compiled_and_the_same(alice: User, api: ClientFor, monkeypatch: pytest.MonkeyPatch) -> None:
    lists = ListClient(used(api(alice)), watch(monkeypatch))
    for search in COMPILED:
        page = lists.page(LIST, {"search": search, "limit": 5})
        assert lists.was_compiled, search
        while page["next"]:
            page = lists.page(page["next"])
            assert lists.was_compiled, search
        if page["previous"]:
            lists.page(page["previous"])


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("search", ["date:today", "created:2026", "created>last-month coffee"])
def test_a_search_by_the_users_days_is_the_plain_paths(
    alice: User, api: ClientFor, monkeypatch: pytest.MonkeyPatch, search: str
) -> None:
    lists = ListClient(used(api(alice)), watch(monkeypatch))
    lists.page(LIST, {"search": search})
    assert not lists.was_compiled


@pytest.mark.usefixtures("world")
def test_searches_of_one_form_share_a_plan(alice: User, api: ClientFor, monkeypatch: pytest.MonkeyPatch) -> None:
    lists = ListClient(used(api(alice)), watch(monkeypatch))
    pages = [lists.page(LIST, {"search": f"{word} amount>{number}"}) for word, number in (("coffee", 1), ("tea", 20))]
    assert lists.was_compiled
    assert pages[0]["results"] != pages[1]["results"]


@pytest.mark.usefixtures("world")
def test_a_cursor_keeps_the_order_of_the_search(as_alice: APIClient) -> None:
    whole = as_alice.get(LIST, {"search": "amount>5 sort:-amount", "limit": 200}).json()["results"]
    found, url = [], f"{LIST}?search={quote('amount>5 sort:-amount')}&limit=7"
    while url:
        page = as_alice.get(url).json()
        found += page["results"]
        url = page["next"]
    assert found == whole
    amounts = [float(row["amount"]) for row in found]
    assert amounts == sorted(amounts, reverse=True)


def ids(rows: list[dict[str, Any]]) -> set[str]:
    return {row["id"] for row in rows}


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("search", ["coffee", "-tea", "amount>20 sort:date", "category:food or tag:tea", "date:2025"])
def test_a_search_and_a_filter_choose_the_same_rows_everywhere(as_alice: APIClient, alice: User, search: str) -> None:
    params = {"search": search, "status__in": "pending,completed"}
    listed = ids(as_alice.get(LIST, {**params, "limit": 200}).json()["results"])
    assert 0 < len(listed) < 120
    export = as_alice.get(f"{LIST}export/", {**params, "file_format": "json"})
    assert ids(json.loads(export.getvalue())) == listed
    body = {
        "search": search,
        "filter": {"status__in": ["pending", "completed"]},
        "patch": {"note": "chosen"},
        "expected_count": len(listed),
    }
    response = as_alice.post(f"{LIST}bulk/", body)
    numbers = response.json()
    assert (bool(numbers.pop("undo_token")), numbers.pop("warnings")) == (True, [])
    assert numbers == {"created": [], "updated": len(listed), "deleted": 0}
    noted = FinancialTransaction.objects.filter(note="chosen").values_list("pk", "user_id")
    assert {(str(key), owner) for key, owner in noted} == {(key, alice.pk) for key in listed}


@pytest.mark.parametrize("search", ["", "   ", "sort:date", None, ["coffee"]])
def test_a_bulk_call_needs_something_to_search_for(as_alice: APIClient, search: Any) -> None:
    response = as_alice.post(f"{LIST}bulk/", {"search": search, "patch": {"note": "x"}, "expected_count": 0})
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "search")


def test_a_bulk_call_takes_no_ids_with_a_search(as_alice: APIClient) -> None:
    body = {"search": "coffee", "ids": [], "patch": {"note": "x"}, "expected_count": 0}
    response = as_alice.post(f"{LIST}bulk/", body)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "ambiguous")


def test_the_search_text_is_read_by_searches_only(as_alice: APIClient, alice: User, ledger: dict[str, Any]) -> None:
    row = ledger["coffee"]
    assert "search_text" not in row.to_dict()
    shown = as_alice.get(f"{LIST}{row.pk}/").json()
    assert "search_text" not in shown
    assert "search_text" not in FinancialTransaction.objects.get(pk=row.pk).__dict__
