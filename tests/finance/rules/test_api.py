"""Reading and writing rules, and the errors of both."""

import io
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from dev.factories import CategoryFactory, PayeeFactory, TagFactory, TransactionFactory, UserFactory
from finance.models import Category, Payee, Rule, Tag
from finance.models.rules import MAX_ACTIONS, MAX_OF_USER
from tests.conftest import ClientFor
from tests.finance.rules.conftest import RULES
from tests.privacy.conftest import data_files, zip_of
from users.models import User
from users.privacy.restore import restore

Send = Callable[..., Any]
PART: dict[str, Any] = {"percent": None, "amount": None, "category": None, "note": "", "tags": []}
CATEGORY = {"type": "set_category", "value": "food"}


def split(*parts: Any) -> dict[str, Any]:
    return {"type": "split", "value": list(parts)}


@pytest.mark.parametrize(
    ("fields", "attr", "code"),
    [
        ({"actions": []}, "actions", "min_length"),
        ({"actions": [CATEGORY] * (MAX_ACTIONS + 1)}, "actions", "max_length"),
        ({"actions": [{"type": "paint", "value": "red"}]}, "actions.0.type", "invalid_choice"),
        ({"actions": [CATEGORY | {"value": None}]}, "actions.0.value", "null"),
        ({"actions": [CATEGORY | {"value": " "}]}, "actions.0.value", "blank"),
        ({"actions": [CATEGORY | {"value": ["food"]}]}, "actions.0.value", "invalid"),
        ({"actions": [{"type": "add_tag", "value": "t" * 51}]}, "actions.0.value", "max_length"),
        ({"actions": [{"type": "set_note", "value": "n" * 2_001}]}, "actions.0.value", "max_length"),
        ({"actions": [{"type": "set_note", "value": "\0"}]}, "actions.0.value", "null_characters_not_allowed"),
        ({"actions": [{"type": "mark_transfer", "value": "yes"}]}, "actions.0.value", "invalid"),
        ({"actions": [CATEGORY | {"color": "red"}]}, "actions.0.color", "unknown_field"),
        ({"actions": [CATEGORY, CATEGORY | {"value": "rent"}]}, "actions", "repeated"),
        ({"actions": [{"type": kind, "value": "t"} for kind in ("add_tag", "remove_tag")]}, "actions", "repeated"),
        ({"actions": [CATEGORY, split({"percent": "50"}, {})]}, "actions", "conflicting"),
        ({"actions": [split({})]}, "actions.0.value", "min_length"),
        ({"actions": [split({"percent": "50"}, {"percent": "50"})]}, "actions", "last_part"),
        ({"actions": [split({}, {})]}, "actions", "part_size"),
        ({"actions": [split({"percent": "5", "amount": "5"}, {})]}, "actions", "part_size"),
        ({"actions": [split({"percent": "99.9999"}, {"percent": "0.0001"}, {})]}, "actions", "whole"),
        ({"actions": [split({"percent": "0"}, {})]}, "actions.0.value.0.percent", "min_value"),
        ({"actions": [split({"amount": "-5.00"}, {})]}, "actions.0.value.0.amount", "min_value"),
        ({"actions": [split({"amount": "NaN"}, {})]}, "actions.0.value.0.amount", "invalid"),
        ({"search": ""}, "search", "blank"),
        ({"search": "..."}, "search", "invalid_search"),
        ({"search": "sort:amount"}, "search", "invalid_search"),
        ({"name": " "}, "name", "blank"),
        ({"order": -1}, "order", "min_value"),
    ],
)
def test_an_invalid_rule_is_refused_at_its_field(send: Send, alice: User, fields: dict[str, Any], attr: str, code: str) -> None:
    body = {"name": "a rule", "search": "lunch", "actions": [CATEGORY], **fields}
    [error] = send(RULES, body, status=400)["errors"]
    assert (error["attr"], error["code"]) == (attr, code)
    assert not Rule.objects.exists()


def test_a_mistake_in_a_search_is_reported_with_its_column(send: Send) -> None:
    body = {"name": "a rule", "search": "lunch amount>x", "actions": [CATEGORY]}
    [error] = send(RULES, body, status=400)["errors"]
    assert (error["attr"], error["code"], error["column"]) == ("search", "invalid_search_value", 14)


def test_a_change_of_search_or_actions_makes_a_new_version(as_alice: APIClient, make_rule: Send) -> None:
    url = make_rule("lunch", ("set_category", "food"))
    steps: list[tuple[dict[str, Any], int]] = [
        ({"name": "other", "order": 5, "stop": True, "is_active": False}, 1),
        ({"search": "lunch", "actions": [CATEGORY]}, 1),
        ({"search": "dinner"}, 2),
        ({"actions": [CATEGORY | {"value": "rent"}]}, 3),
    ]
    for fields, version in steps:
        response = as_alice.patch(url, fields)
        assert (response.status_code, response.json()["version"]) == (200, version)
        assert as_alice.get(url).json() == response.json()
    Rule.objects.update(search="brunch")
    assert Rule.objects.get().version == 4


def test_names_are_created_once_and_found_again(as_alice: APIClient, make_rule: Send, alice: User) -> None:
    CategoryFactory(user=alice, name="Essen & Trinken", slug="food")
    url = make_rule("lunch", ("set_category", "essen trinken"), ("set_payee", "Zoë's"), ("add_tag", "ZOE"))
    assert [each["value"] for each in as_alice.get(url).json()["actions"]] == ["food", "Zoë's", "ZOE"]
    make_rule("lunch", ("set_category", "food"), ("set_payee", "zoe s"), ("add_tag", "zoë"))
    assert (Category.objects.count(), Payee.objects.count(), Tag.objects.count()) == (1, 1, 1)


def test_a_user_has_a_limited_number_of_rules(send: Send, make_rule: Send, alice: User, bob: User) -> None:
    stored = [{"type": "mark_transfer", "value": None}]
    Rule.objects.bulk_create(Rule(user=alice, name="r", search="r", actions=stored) for _ in range(MAX_OF_USER))
    Rule.objects.create(user=bob, name="r", search="r", actions=stored)
    body = {"name": "a rule", "search": "lunch", "actions": [CATEGORY]}
    [error] = send(RULES, body, status=400)["errors"]
    assert (error["attr"], error["detail"]) == ("name", f"You have {MAX_OF_USER} rules. Delete one first.")


@pytest.mark.parametrize(
    "actions",
    [
        [{"type": "set_category", "value": "food"}],
        [{"type": "set_category"}],
        [{"type": "set_note", "value": ""}],
        [{"type": "split", "value": [PART]}],
        [{"type": "split", "value": [PART, PART | {"category": "food"}]}],
        [{"type": "split", "value": [PART, PART | {"category": 5}]}],
        [{"type": "split", "value": [PART, PART | {"tags": ["t"]}]}],
        [{"type": "split", "value": [PART, PART | {"tags": None}]}],
        [{"type": "split", "value": [PART, PART | {"percent": "half"}]}],
        [{"type": "split", "value": [PART, PART | {"amount": 5}]}],
        [{"type": "split", "value": [PART, PART | {"note": None}]}],
        [{"type": "split", "value": [PART, {"amount": "5.00"}]}],
        [{"type": "mark_transfer", "value": "x"}],
        [{"type": "paint", "value": "x"}],
        ["text"],
        [],
        {},
    ],
    ids=str,
)
def test_the_database_refuses_actions_of_another_form(alice: User, actions: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Rule.objects.create(user=alice, name="r", search="r", actions=actions)


def test_rules_are_listed_in_their_order_with_a_few_queries(
    as_alice: APIClient, make_rule: Send, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    urls = [make_rule("lunch", ("set_category", f"c{order}"), name=f"r{order}", order=order) for order in (3, 1, 2)]
    for number in range(20):
        make_rule("lunch", ("add_tag", f"t{number}"), ("set_payee", f"p{number}"), order=9)
    for parameters in ({}, {"search": "r"}, {"ordering": "name"}):
        with django_assert_max_num_queries(5):
            found = as_alice.get(RULES, parameters).json()["results"]
    found = as_alice.get(RULES).json()["results"]
    assert [each["order"] for each in found][:4] == [1, 2, 3, 9]
    assert [f"{RULES}{each['id']}/" for each in found][:3] == [urls[1], urls[2], urls[0]]
    assert found[3]["actions"] == [{"type": "add_tag", "value": "t0"}, {"type": "set_payee", "value": "p0"}]
    assert as_alice.get(RULES, {"order": "2"}).json()["results"] == [found[1]]


def test_the_rules_and_rows_of_others_are_out_of_reach(
    make_rule: Send, as_alice: APIClient, alice: User, bob: User, api: ClientFor
) -> None:
    """Neither by their own ids, nor by ids of a category, payee or tag in stored actions."""
    row = TransactionFactory(user=bob, description="lunch")
    url, as_bob = make_rule("lunch", ("set_category", "food")), api(bob)
    for path in ("", "preview/", "apply/"):
        assert (as_bob.post if path else as_bob.get)(f"{url}{path}").status_code == 404
    assert as_alice.post(f"{url}apply/").json()["updated"] == 0
    of_bob = {"set_category": CategoryFactory(user=bob), "set_payee": PayeeFactory(user=bob), "add_tag": TagFactory(user=bob)}
    stored = [{"type": kind, "value": str(other.pk)} for kind, other in of_bob.items()]
    Rule.objects.update(actions=stored)
    mine = TransactionFactory(user=alice, description="lunch")
    assert {each["value"] for each in as_alice.get(url).json()["actions"]} == {None}
    preview = as_alice.post(f"{url}preview/").json()
    assert [(each["transaction"], each["reason"]) for each in preview["skipped"]] == [(str(mine.pk), "missing")] * 3
    assert as_alice.post(f"{url}apply/").json() == {"updated": 0, "runs": []}
    row.refresh_from_db()
    assert (row.category, row.sources) == ("", {})
    assert as_alice.post(f"{RULES}{uuid4()}/apply/").status_code == 404


def test_a_rule_is_imported_with_the_names_of_the_new_account(make_rule: Send, alice: User) -> None:
    make_rule("lunch tag:work", ("split", [{"percent": "50", "category": "food", "tags": ["work"]}, {}]), ("set_payee", "Shop"))
    empty = UserFactory.create(email="empty@example.com")
    data = zip_of(alice)
    restore(empty, io.BytesIO(data))
    mine, theirs = Rule.objects.get(user=alice), Rule.objects.get(user=empty)
    assert (theirs.shown_actions, theirs.search) == (mine.shown_actions, 'lunch tag:"work"')
    assert theirs.actions != mine.actions
    assert data_files(zip_of(empty), "data") == data_files(data, "data")
