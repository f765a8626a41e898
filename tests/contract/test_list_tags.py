"""ETags of compiled lists: every change that the list shows changes the tag, and nothing else has to."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from core import clock
from core.fast_lists import fast_path
from core.fast_lists.compiled_list import CompiledList, QuerySignature
from dev.factories import ProfileFactory, TransactionFactory
from dev.routes import OWNED_LISTS, Route, make
from finance.models import FinancialTransaction, TransactionSplit
from system.models import AccessEvent
from tests.conftest import ClientFor
from tests.contract.list_client import ListClient, used, watch
from users.models import User, UserProfile

WITHOUT_TAG = {
    "billing/feature-access/",  # the plan's rows, and the moment a month ends
    "billing/history/",  # is_overdue changes at a moment
    "billing/subscriptions/",  # the plan's rows, and the days that remain
    "finance/accounts/",  # the days since the last synchronization
    "finance/deleted-transactions/",  # its rows are not audited
    "system/alerts/",  # alerts of all customers
    "system/notification-preferences/",  # the quiet hours
    "users/sessions/",  # expired sessions
    "users/tokens/",  # the last use
    "users/me/uploads/",  # its progress is not audited
    "webhooks/",  # failures and pauses are not audited
    "webhooks/messages/",  # its rows are not audited
}
TAGGED = [route for route in OWNED_LISTS if str(route) not in WITHOUT_TAG]
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def lists(alice: User, api: ClientFor, monkeypatch: pytest.MonkeyPatch) -> ListClient:
    """Return alice's client; each statement raises positions at once, as a commit does."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS raise_positions IMMEDIATE")
    return ListClient(used(api(alice)), watch(monkeypatch))


def tag_of(lists: ListClient, path: str) -> str:
    return str([lists.client.get(path) for _ in range(2)][-1].headers.get("ETag", ""))


def status(lists: ListClient, path: str, tag: str) -> int:
    return int(lists.client.get(path, headers={"If-None-Match": tag}).status_code)


@pytest.mark.parametrize("route", OWNED_LISTS, ids=str)
def test_every_list_but_the_exceptions_has_a_tag(route: Route, alice: User, lists: ListClient) -> None:
    make(route.model, 1, alice)
    assert bool(tag_of(lists, route.path())) is (str(route) not in WITHOUT_TAG)


@pytest.mark.parametrize("route", TAGGED, ids=str)
def test_a_known_list_is_read_again_after_every_change(route: Route, alice: User, bob: User, lists: ListClient) -> None:
    path, (row,) = route.path(), make(route.model, 1, alice)
    tag = tag_of(lists, path)
    make(route.model, 1, bob)
    assert [status(lists, path, each) for each in (tag, tag.removeprefix("W/"), f'"x", {tag}', '"x"')] == [304, 304, 304, 200]
    changes: list[Callable[[], Any]] = [lambda: make(route.model, 1, alice)]
    if route.model not in (AccessEvent, TransactionSplit):  # which can't be deleted, or not without their transaction
        changes.append(lambda: type(row).objects.filter(pk=row.pk).delete())
    for change in changes:
        change()
        assert status(lists, path, tag) == 200
        tag = tag_of(lists, path)
        assert status(lists, path, tag) == 304


PATH = "/api/v1/finance/transactions/"


@pytest.fixture
def tag(alice: User, lists: ListClient) -> str:
    TransactionFactory(user=alice)
    return tag_of(lists, PATH)


def test_a_304_has_the_headers_of_the_list_and_no_body(tag: str, lists: ListClient) -> None:
    found = lists.client.get(PATH, headers={"If-None-Match": tag})
    assert (found.status_code, found.content, found.headers["ETag"]) == (304, b"", tag)
    assert found.headers["Cache-Control"] == "no-store"
    assert "Content-Type" not in found.headers


def test_an_update_in_the_database_changes_the_tag(tag: str, lists: ListClient) -> None:
    FinancialTransaction.objects.update(description="Changed by a job")
    assert status(lists, PATH, tag) == 200


def test_each_query_has_a_tag_of_its_own(tag: str, lists: ListClient) -> None:
    tags = [tag_of(lists, f"{PATH}?{query}") for query in ("limit=1", "limit=2", "category=dining", "category=groceries")]
    assert len({tag, *tags}) == 5
    assert "" not in tags


def test_another_user_has_another_tag(tag: str, bob: User, api: ClientFor, lists: ListClient) -> None:
    assert ListClient(used(api(bob)), []).client.get(PATH, headers={"If-None-Match": tag}).status_code == 200


def test_a_list_with_the_current_day_has_another_tag_on_the_next_day(
    alice: User, lists: ListClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/api/v1/career/milestones/"
    ProfileFactory(user=alice, timezone="Pacific/Auckland")
    now = clock.now()
    evening = now.astimezone(clock.zone_named("Pacific/Auckland")).replace(hour=23, minute=58)
    monkeypatch.setattr(clock, "now", lambda: evening)
    tag = tag_of(lists, path)
    for minutes, expected in ((1, 304), (3, 200)):
        monkeypatch.setattr(clock, "now", lambda minutes=minutes: evening + timedelta(minutes=minutes))
        assert status(lists, path, tag) == expected
    monkeypatch.setattr(clock, "now", lambda: evening)
    UserProfile.objects.filter(user=alice).update(timezone="America/New_York")
    assert status(lists, path, tag) == 200


# It reads the owner's categories, payees and tags, of which each change raises the position.
READ_OWN_NAMES = {"finance_shown_actions"}


def test_functions_in_tagged_lists_read_no_tables(alice: User, lists: ListClient) -> None:
    for route in TAGGED:
        make(route.model, 1, alice)
        tag_of(lists, route.path())
    used_functions = {
        name.decode()
        for view in fast_path.COMPILED_VIEWS.values()
        if isinstance(view, CompiledList)
        for plan in [view.plan_of(QuerySignature((), view.view_class.ordering, 50, (), False), None)]
        if plan
        for name in re.findall(rb"(\w+)\(", plan.statement.prepared_sql)
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, provolatile FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname = ANY(%s)",
            [sorted(used_functions)],
        )
        found = dict(cursor.fetchall())
    assert found
    assert {name for name, volatility in found.items() if volatility != "i"} == READ_OWN_NAMES
