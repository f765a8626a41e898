"""The first read of the changes, which returns all objects of the user."""

import pytest
from rest_framework.test import APIClient

from core.changes.types import change_types
from dev.routes import make
from tests.changes.follower import Follower, differences, state_of_lists
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", change_types())
def test_all_objects_of_a_type_are_those_of_its_list(name: str, alice: User, bob: User, as_alice: APIClient) -> None:
    kind = change_types()[name]
    if kind.action == "list":
        make(kind.model, 4, alice)
        make(kind.model, 2, bob)
    for limit in (2, 200):
        follower = Follower(as_alice, limit=limit, types=name)
        follower.catch_up()
        expected = {key: shown for key, shown in state_of_lists(as_alice).items() if key[0] == name}
        assert expected
        assert differences(follower.state, expected) == {}
