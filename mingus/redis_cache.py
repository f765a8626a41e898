"""Django's Redis cache that outlives Redis: while it is away each process remembers by itself, and nobody is refused for it."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from prometheus_client import Counter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from core.errors import CacheUnavailableError
from mingus.cache import MAX_CACHE_ENTRIES, ProcessCache

logger = logging.getLogger(__name__)
RETRY_DELAY_SECONDS = 5.0  # seconds until a Redis that failed is asked again
FAILURES = Counter(
    "mingus_cache_failures_total", "Times that Redis failed, and a process remembered by itself for some seconds."
)


class _Client(RedisCacheClient):
    def __init__(self, servers: list[str], **options: Any) -> None:
        # that Redis has closed a connection is seen when it is used next, so that is tried once more
        super().__init__(servers, retry=Retry(NoBackoff(), 1), **options)

        self._kept: Any = None

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """One for all: Django makes one for each operation, which costs as much as the operation."""
        self._kept = self._kept or super().get_client(key, write=write)
        return self._kept

    def count(self, key: str, timeout: int) -> int:
        pipeline = self.get_client(key, write=True).pipeline(transaction=False)
        pipeline.set(key, 0, ex=timeout, nx=True)
        pipeline.incr(key)
        return int(pipeline.execute()[1])


class _Redis(RedisCache):
    """Django's, and a counter in one round trip: Django's `add` and `incr` take three."""

    _cache: Any

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Client

    def count(self, key: str, timeout: int) -> int:
        """As `ProcessCache.count`."""
        return int(self._cache.count(self.make_and_validate_key(key), timeout))


def _or_unavailable_error(name: str) -> Callable[..., Any]:
    """The method of `_Redis` called so, with an error of the project's."""
    ask = getattr(_Redis, name)

    def method(self: "StrictCache", *args: Any, **kwargs: Any) -> Any:
        try:
            return ask(self, *args, **kwargs)
        except RedisError as error:
            FAILURES.inc()
            raise CacheUnavailableError(f"Redis failed: {str(error).removesuffix('.')}") from error

    return method


class StrictCache(_Redis):
    """For who must know that Redis failed. Raises CacheUnavailableError."""

    add, get, set, delete, touch = (_or_unavailable_error(name) for name in ("add", "get", "set", "delete", "touch"))
    get_many, set_many, delete_many = (_or_unavailable_error(name) for name in ("get_many", "set_many", "delete_many"))
    has_key, incr, count, clear = (_or_unavailable_error(name) for name in ("has_key", "incr", "count", "clear"))


def _or_process_cache(name: str) -> Callable[..., Any]:
    """The method called so: Redis's, and while Redis is away the one of this process's memory."""
    ask, here = getattr(StrictCache, name), getattr(ProcessCache, name)

    def method(self: "SharedCache", *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self.unavailable_until:
            try:
                answer = ask(self, *args, **kwargs)
                self.is_unavailable = False
                return answer
            except CacheUnavailableError as error:
                self.is_unavailable = True
                self.unavailable_until = time.monotonic() + RETRY_DELAY_SECONDS
                logger.warning("%s. This process remembers by itself for %d seconds.", error, RETRY_DELAY_SECONDS)
        return here(self.here, *args, **kwargs)

    return method


class SharedCache(StrictCache):
    """For who can do without: a limit holds for each process by itself then, so it is wider, but there.

    `is_unavailable` says what Redis did when it was asked last.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.here = ProcessCache("without redis", {"OPTIONS": {"MAX_ENTRIES": MAX_CACHE_ENTRIES}})
        self.unavailable_until = 0.0
        self.is_unavailable = False

    add, get, set, delete, touch = (_or_process_cache(name) for name in ("add", "get", "set", "delete", "touch"))
    get_many, set_many, delete_many = (_or_process_cache(name) for name in ("get_many", "set_many", "delete_many"))
    has_key, incr, count, clear = (_or_process_cache(name) for name in ("has_key", "incr", "count", "clear"))
