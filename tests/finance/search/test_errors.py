"""Mistakes in searches, which are reported with their column."""

import json

import pytest
from rest_framework.test import APIClient

from tests.finance.search.conftest import LIST

MISTAKES = [
    ("kategory:food", 1, "unknown_search_field", "Did you mean category?"),
    ("coffee shade:red", 8, "unknown_search_field", "Known fields: account, amount, category,"),
    ("price>5", 1, "unknown_search_field", "put it in quotes"),
    ("or tea", 1, "invalid_search", 'found "or"'),
    ("tea or", 7, "invalid_search", "found the end"),
    ("tea or or tea", 8, "invalid_search", 'found "or"'),
    ("()", 2, "invalid_search", 'found ")"'),
    ("-()", 3, "invalid_search", 'found ")"'),
    ("tea (coffee", 5, "invalid_search", 'Expected ")"'),
    ("tea ) coffee", 5, "invalid_search", "closes no bracket"),
    ('tea "coffee', 5, "invalid_search", "closing quote"),
    ('tea ""', 5, "invalid_search_value", "a letter or a digit"),
    ('"☕"', 1, "invalid_search_value", "a letter or a digit"),
    ("☕ - !", 1, "invalid_search", "nothing to search for"),
    ("category:", 10, "invalid_search", "Expected a value"),
    ("category: food", 10, "invalid_search", "Expected a value"),
    ("(category:)", 11, "invalid_search", "Expected a value"),
    ("category:(a or b)", 10, "invalid_search", "not a bracket"),
    ('category:""', 10, "invalid_search_value", "the name or the slug"),
    ("category>food", 1, "invalid_search", "has no operator >"),
    ("tag:work -status>=pending", 11, "invalid_search", "has no operator >="),
    ("amount>much", 8, "invalid_search_value", "Expected a number"),
    ("amount>1,000", 8, "invalid_search_value", "no separators"),
    ("amount>-5", 8, "invalid_search_value", "Use signed:"),
    (f"amount>{'9' * 400}", 8, "invalid_search_value", "up to 15 digits"),
    ("amount:1e400", 8, "invalid_search_value", "Expected a number"),
    ("amount:nan", 8, "invalid_search_value", "Expected a number"),
    ("amount:٣", 8, "invalid_search_value", "Expected a number"),
    ("amount:1..x", 11, "invalid_search_value", "Expected a number"),
    ("amount:5..1", 8, "invalid_search_value", "ends before it begins"),
    ("amount:..", 8, "invalid_search_value", "at least one end"),
    ("amount>1..2", 8, "invalid_search_value", "Expected a number"),
    ("date:2026-02-30", 6, "invalid_search_value", "Expected a day"),
    ("date:2026-13", 6, "invalid_search_value", "Expected a day"),
    ("date:2026-00", 6, "invalid_search_value", "Expected a day"),
    ("date:0000", 6, "invalid_search_value", "from 1900 to 2200"),
    ("date:9999", 6, "invalid_search_value", "from 1900 to 2200"),
    ("date:01/02/2026", 6, "invalid_search_value", "Expected a day"),
    ("date:last-0-days", 6, "invalid_search_value", "Expected a day"),
    ("date:2026..2025", 6, "invalid_search_value", "ends before it begins"),
    ("date:2026..soon", 12, "invalid_search_value", "Expected a day"),
    ("created:tomorrow", 9, "invalid_search_value", "Expected a day"),
    ("status:pendign", 8, "invalid_search_value", "Did you mean pending?"),
    ("type:spending", 6, "invalid_search_value", "expense, fee, income, refund, transfer"),
    ("currency:euro", 10, "invalid_search_value", "ISO 4217"),
    ("has:nte", 5, "invalid_search_value", "Did you mean note?"),
    ("is:x", 4, "invalid_search_value", "uncategorized"),
    ("sort:payee", 6, "invalid_search_value", "amount, created, date, posted"),
    ("sort:date sort:amount", 16, "invalid_search", "one field only"),
    ("(tea sort:date)", 11, "invalid_search", "outside of brackets"),
    ("-sort:date", 7, "invalid_search", "outside of brackets"),
    ("tea \x00", 5, "invalid_search", "Null characters"),
    ("a" * 1_001, 1_001, "search_too_long", "1,000 characters"),
    ("a " * 31, 61, "too_many_terms", "30 terms"),
    ("(" * 11 + "a" + ")" * 11, 11, "search_too_deep", "10 deep"),
]


@pytest.mark.parametrize(("search", "column", "code", "message"), MISTAKES, ids=[mistake[0][:30] for mistake in MISTAKES])
def test_a_mistake_is_reported_with_its_column(as_alice: APIClient, search: str, column: int, code: str, message: str) -> None:
    response = as_alice.get(LIST, {"search": search})
    [error] = response.json()["errors"]
    assert (response.status_code, error["attr"], error["column"], error["code"]) == (400, "search", column, code)
    assert message in error["detail"]
    body = {"search": search, "patch": {"category": ""}, "expected_count": 0}
    assert as_alice.post(f"{LIST}bulk/", body).json()["errors"][0].get("column", column) == column
    assert as_alice.get(f"{LIST}export/", {"search": search}).json()["errors"] == [error]


def test_half_a_character_is_refused(as_alice: APIClient) -> None:
    body = json.dumps({"search": "\ud800", "patch": {"category": ""}, "expected_count": 0})
    assert as_alice.post(f"{LIST}bulk/", body, content_type="application/json").status_code == 400


def test_the_most_that_is_allowed_is_found(as_alice: APIClient) -> None:
    deepest = "-(" * 10 + "a" + ")" * 10
    for search in ("a " * 30, deepest, "a" * 1_000, "amount>999999999999999.999999", "date:1900..2200"):
        assert as_alice.get(LIST, {"search": search}).status_code == 200


def test_it_is_sorted_either_by_the_search_or_by_ordering(as_alice: APIClient) -> None:
    response = as_alice.get(LIST, {"search": "coffee sort:date", "ordering": "amount"})
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert (error["attr"], error["column"]) == ("search", 13)
