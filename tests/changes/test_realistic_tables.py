"""The first read of tables as in production: some thousand rows each, of many customers."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.changes.types import change_types
from tests.changes.follower import Follower, differences, objects_of
from tests.conftest import ClientFor
from tests.contract.realistic import Scene, filled

LISTS = [name for name, kind in change_types().items() if kind.action == "list"]


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    with django_db_blocker.unblock(), filled() as scene:
        yield scene


@pytest.mark.django_db
@pytest.mark.parametrize("name", LISTS)
def test_all_objects_are_those_of_the_list(name: str, scene: Scene, api: ClientFor) -> None:
    for user in (scene.alice, scene.bob):
        client = api(user)
        follower = Follower(client, limit=200, types=name)
        follower.catch_up()
        assert differences(follower.state, objects_of(client, name)) == {}
