"""The cache: its keys and values, and its fallback while Redis is unavailable."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from core.errors import CacheUnavailableError
from mingus.cache import JsonSerializer, caches_from
from mingus.redis_cache import SharedCache, StrictCache
from tests.conftest import ClientFor
from users.models import User

UNREACHABLE = "redis://127.0.0.1:1/0"
KEY = re.compile(r":1:rate:(address:[0-9.]+|anonymous:[0-9.]+|reads:[0-9a-f-]{36}|writes:[0-9a-f-]{36}):\d+")


class FakeEnvironment:
    """An environment with one variable."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.problems: list[tuple[str, str]] = []

    def text(self, name: str) -> str:
        return self.url if name == "REDIS_URL" else ""


@pytest.fixture
def shared(caplog: pytest.LogCaptureFixture) -> Iterator[Any]:
    caplog.set_level(logging.WARNING)
    found = SharedCache(UNREACHABLE, {})
    found.fallback.clear()
    yield found
    found.fallback.clear()


def test_the_cache_contains_only_counters_by_owner(alice: User, bob: User, api: ClientFor) -> None:
    for client in (api(alice), api(bob)):
        client.get("/api/v1/finance/accounts/")
        client.post("/api/v1/finance/accounts/", {"profile_name": "secret", "profile_type": "savings"})
        client.get("/api/v1/billing/plans/")
    APIClient().get("/api/v1/billing/plans/")
    stored: Any = cache
    assert [key for key in stored._cache if not KEY.fullmatch(key)] == []
    assert {owner for key in stored._cache for owner in (alice.pk, bob.pk) if str(owner) in key} == {alice.pk, bob.pk}
    assert {type(cache.get(key.removeprefix(":1:"))) for key in list(stored._cache)} == {int}


def test_without_redis_a_process_uses_its_own_memory(shared: Any) -> None:
    assert [shared.count("k", 60) for _ in range(3)] == [1, 2, 3]
    assert (shared.add("k", 1), shared.get("k"), shared.incr("k"), shared.has_key("k")) == (False, 3, 4, True)
    shared.set_many({"a": 1, "b": 2})
    assert shared.get_many(["a", "b", "c"]) == {"a": 1, "b": 2}
    shared.delete_many(["a"])
    assert (shared.get("a", "gone"), shared.touch("b", 5), shared.delete("b")) == ("gone", True, True)


def test_an_unavailable_redis_is_logged_once_and_avoided(shared: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert not shared.is_unavailable
    assert [shared.get("k") for _ in range(3)] == [None] * 3
    assert shared.is_unavailable
    assert len(caplog.messages) == 1
    assert caplog.messages[0].endswith("This process uses its own memory for 5 seconds.")


def test_the_strict_cache_raises_if_redis_fails() -> None:
    with pytest.raises(CacheUnavailableError, match="Redis failed"):
        StrictCache(UNREACHABLE, {}).get("k")


def test_values_are_sent_to_redis_as_json() -> None:
    assert JsonSerializer().dumps({"a": [1, "x"]}) == b'{"a":[1,"x"]}'
    with pytest.raises(TypeError):
        JsonSerializer().dumps(object())


def test_a_process_keeps_a_counter_beside_a_thousand_others() -> None:
    counter: Any = cache
    first = counter.count("mine", 60)
    for number in range(1000):
        counter.count(f"others:{number}", 60)
    assert (first, counter.count("mine", 60)) == (1, 2)


@pytest.mark.parametrize(("url", "names", "problems"), [("", 1, 0), ("redis://h/0", 2, 0), ("http://h", 1, 1)])
def test_redis_is_used_if_its_url_is_set(url: str, names: int, problems: int) -> None:
    environment: Any = FakeEnvironment(url)
    assert (len(caches_from(environment)), len(environment.problems)) == (names, problems)
