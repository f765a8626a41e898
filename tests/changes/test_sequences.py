"""Random sequences of requests, after which a client that follows the changes has the objects of the lists."""

import pytest
from rest_framework.test import APIClient

from dev.factories import OnboardingFactory, ProfileFactory
from tests.changes.follower import Follower, differences, state_of_lists
from tests.changes.writer import Writer
from tests.long_series import size
from users.models import User

STEPS = size(60, whole=400)


@pytest.mark.long(sample=3)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(10))
def test_a_follower_has_the_objects_of_the_lists(seed: int, alice: User, as_alice: APIClient) -> None:
    ProfileFactory(user=alice)
    OnboardingFactory.create_batch(2, user=alice)
    writer, follower = Writer(as_alice, seed), Follower(as_alice, limit=3 + seed * 7)
    for number in range(STEPS):
        writer.write()
        if number % 7 == seed % 7:
            follower.read_page()
        if number % 20 == 19:
            follower.catch_up()
            assert differences(follower.state, state_of_lists(as_alice)) == {}, writer.done
    assert sum(map(bool, writer.done.values())) >= 12, writer.done
