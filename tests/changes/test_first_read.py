"""The first read of the changes, which returns all objects of the user."""

from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from core.changes.types import change_types
from dev.routes import make
from tests.changes.follower import Follower, differences, objects_of, state_of_lists
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("is_compiled", [True, False])
@pytest.mark.parametrize("name", change_types())
def test_all_objects_of_a_type_are_those_of_its_list(
    name: str, is_compiled: bool, alice: User, bob: User, as_alice: APIClient, settings: Any
) -> None:
    settings.FAST_LISTS = is_compiled
    kind = change_types()[name]
    if kind.action == "list":
        make(kind.model, 4, alice)
        make(kind.model, 2, bob)
    for limit in (2, 200):
        follower = Follower(as_alice, limit=limit, types=name)
        follower.catch_up()
        expected = objects_of(as_alice, name)
        assert expected
        assert differences(follower.state, expected) == {}


@pytest.mark.parametrize("is_compiled", [True, False])
def test_an_entry_of_the_log_has_the_object_of_the_list(
    is_compiled: bool, alice: User, as_alice: APIClient, settings: Any
) -> None:
    settings.FAST_LISTS = is_compiled
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS raise_positions IMMEDIATE")
    follower = Follower(as_alice, limit=200)
    follower.catch_up()
    for kind in [kind for kind in change_types().values() if kind.action == "list"]:
        make(kind.model, 1, alice)
    follower.catch_up()
    assert differences(follower.state, state_of_lists(as_alice)) == {}
