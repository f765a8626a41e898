"""Requests for changes: who may read them, their parameters and cursors."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from core import changes, clock, rls
from core.changes.cursors import ChangeCursor
from core.changes.types import change_types
from dev.factories import AlertFactory, TagFactory, TransactionFactory
from tests.changes.follower import PATH, Follower
from tests.conftest import ClientFor
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)


def error(client: APIClient, status: int, **params: Any) -> tuple[str, str | None]:
    """Return the code and the field of the only error."""
    response = client.get(PATH, params)
    assert response.status_code == status, response.content
    [found] = response.json()["errors"]
    return found["code"], found["attr"]


def test_a_token_with_the_scope_read_is_enough(alice: User, api: ClientFor) -> None:
    assert api(alice, "read").get(PATH).status_code == 200


def test_an_anonymous_request_is_refused() -> None:
    assert APIClient().get(PATH).status_code == 401


@pytest.mark.parametrize("text", ["x", "x.y", "é", "WzEsMl0", "a" * 5000])
def test_a_text_that_is_no_cursor_is_refused(text: str, as_alice: APIClient) -> None:
    assert error(as_alice, 400, cursor=text) == ("invalid_cursor", "cursor")


def test_a_changed_cursor_is_refused(follower: Follower, as_alice: APIClient) -> None:
    packed, signature = follower.cursor.split(".")
    for text in (f"{packed}.{signature[:-1]}", f"X{packed}.{signature}", f"{packed[:-2]}.{signature}", packed):
        assert error(as_alice, 400, cursor=text) == ("invalid_cursor", "cursor")


def test_the_cursor_of_another_user_is_refused(follower: Follower, bob: User, api: ClientFor) -> None:
    assert error(api(bob), 400, cursor=follower.cursor) == ("invalid_cursor", "cursor")


def test_an_unknown_type_is_refused_with_the_known_ones(as_alice: APIClient) -> None:
    assert error(as_alice, 400, types="tag,color") == ("invalid_choice", "types")
    detail = as_alice.get(PATH, {"types": "color"}).json()["errors"][0]["detail"]
    assert all(name in detail for name in change_types())


@pytest.mark.parametrize(("params", "expected"), [({"limit": 201}, "invalid_limit"), ({"color": "red"}, "unknown_filter")])
def test_wrong_parameters_are_refused(params: dict[str, Any], expected: str, as_alice: APIClient) -> None:
    [name] = params
    assert error(as_alice, 400, **params) == (expected, name)


@pytest.mark.parametrize("query", ["types=tag,account", "types=tag&types=account", "types__in=account,tag"])
def test_only_the_wanted_types_are_returned(query: str, alice: User, as_alice: APIClient) -> None:
    TagFactory(user=alice)
    TransactionFactory(user=alice)
    found = as_alice.get(f"{PATH}?{query}").json()["changes"]
    assert {change["type"] for change in found} == {"tag", "account"}


def test_a_type_that_is_added_to_a_cursor_is_read_whole(alice: User, as_alice: APIClient) -> None:
    tag = TagFactory(user=alice)
    TransactionFactory(user=alice)
    follower = Follower(as_alice, types="tag")
    follower.catch_up()
    follower.params = {"types": "tag,transaction"}
    tag.name = "renamed"
    tag.save()
    assert [change["type"] for change in follower.catch_up()] == ["transaction", "tag"]
    follower.params = {}
    assert {"account", "user", "profile"} <= {change["type"] for change in follower.catch_up()}


def test_no_type_can_be_left_out_of_a_cursor(follower: Follower, as_alice: APIClient) -> None:
    assert error(as_alice, 400, cursor=follower.cursor, types="tag") == ("invalid_cursor", "cursor")


def drop_log_of(days: int) -> None:
    """Let the present log be as old as some days, and drop what is past retention."""
    with rls.as_login_role(), connection.cursor() as cursor:
        for table in ("core_changeset", "core_change"):
            cursor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            cursor.execute(f"UPDATE {table} SET id = core_uuid7(%s)", [clock.now() - timedelta(days=days)])  # noqa: S608 - our names
            cursor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    with rls.as_staff():
        changes.keep_months()


class TestExpiry:
    def test_a_cursor_older_than_the_log_is_refused(self, alice: User, follower: Follower, as_alice: APIClient) -> None:
        old = follower.cursor
        AlertFactory(user=alice)
        drop_log_of(changes.RETENTION_DAYS + 40)
        assert error(as_alice, 410, cursor=old) == ("cursor_expired", None)
        assert "Start over" in as_alice.get(PATH, {"cursor": old}).json()["errors"][0]["detail"]
        again = Follower(as_alice, limit=200)
        again.catch_up()
        assert {name for name, _ in again.state} >= {"alert", "user"}

    def test_a_cursor_without_changes_since_stays_valid(self, alice: User, follower: Follower) -> None:
        drop_log_of(changes.RETENTION_DAYS + 40)
        assert follower.catch_up() == []

    def test_changes_of_other_types_keep_a_cursor_valid(self, alice: User, as_alice: APIClient) -> None:
        follower = Follower(as_alice, types="tag")
        follower.catch_up()
        AlertFactory(user=alice)
        assert follower.catch_up() == []
        drop_log_of(changes.RETENTION_DAYS + 40)
        assert follower.catch_up() == []

    def test_a_cursor_of_a_position_that_was_lost_is_refused(
        self, alice: User, follower: Follower, as_alice: APIClient
    ) -> None:
        cursor = ChangeCursor.decode(follower.cursor, alice.pk)
        ahead = ChangeCursor(cursor.position + 5, cursor.change, cursor.read)
        assert error(as_alice, 410, cursor=ahead.encode(alice.pk)) == ("cursor_expired", None)
