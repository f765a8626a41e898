"""Fixtures of tests of changes."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.changes.follower import Follower


@pytest.fixture(autouse=True)
def _no_rate_limits(settings: Any) -> None:
    settings.RATES = dict.fromkeys(settings.RATES, "1000000/m")


@pytest.fixture
def follower(as_alice: APIClient) -> Follower:
    """Return a client of Alice that has read everything."""
    found = Follower(as_alice, limit=200)
    found.catch_up()
    return found
