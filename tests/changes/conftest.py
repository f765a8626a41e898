"""Fixtures of tests of changes."""

import pytest
from rest_framework.test import APIClient

from tests.changes.follower import Follower


@pytest.fixture
def follower(as_alice: APIClient) -> Follower:
    """Return a client of Alice that has read everything."""
    found = Follower(as_alice, limit=200)
    found.catch_up()
    return found
