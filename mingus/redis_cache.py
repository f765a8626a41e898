"""Django's Redis cache with a fallback to process memory while Redis is unavailable."""

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
RETRY_DELAY_SECONDS = 5.0  # before Redis is tried again after a failure
FAILURES = Counter(
    "mingus_cache_failures_total", "Failed calls to Redis; processes use their own memory for some seconds after each."
)


class _Client(RedisCacheClient):
    def __init__(self, servers: list[str], **options: Any) -> None:
        # a connection that Redis has closed fails at its next use, so the command is retried once
        super().__init__(servers, retry=Retry(NoBackoff(), 1), **options)
        self._shared_client: Any = None

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """Return one shared client. Django creates a client per operation, which costs as much as the operation."""
        self._shared_client = self._shared_client or super().get_client(key, write=write)
        return self._shared_client

    def count(self, key: str, timeout: int) -> int:
        pipeline = self.get_client(key, write=True).pipeline(transaction=False)
        pipeline.set(key, 0, ex=timeout, nx=True)
        pipeline.incr(key)
        return int(pipeline.execute()[1])


class _Redis(RedisCache):
    """Django's Redis cache with a counter that takes one round trip; Django's `add` and `incr` take three."""

    _cache: Any

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Client

    def count(self, key: str, timeout: int) -> int:
        """Increment a counter as `ProcessCache.count` does."""
        return int(self._cache.count(self.make_and_validate_key(key), timeout))


def _or_unavailable_error(name: str) -> Callable[..., Any]:
    """Return the method `name` of `_Redis`, which raises CacheUnavailableError instead of RedisError."""
    call = getattr(_Redis, name)

    def method(self: "StrictCache", *args: Any, **kwargs: Any) -> Any:
        try:
            return call(self, *args, **kwargs)
        except RedisError as error:
            FAILURES.inc()
            raise CacheUnavailableError(f"Redis failed: {str(error).removesuffix('.')}") from error

    return method


class StrictCache(_Redis):
    """A cache for callers that must know of failures of Redis. Its methods raise CacheUnavailableError."""

    add, get, set, delete, touch = (_or_unavailable_error(name) for name in ("add", "get", "set", "delete", "touch"))
    get_many, set_many, delete_many = (_or_unavailable_error(name) for name in ("get_many", "set_many", "delete_many"))
    has_key, incr, count, clear = (_or_unavailable_error(name) for name in ("has_key", "incr", "count", "clear"))


def _or_process_cache(name: str) -> Callable[..., Any]:
    """Return the method `name` of Redis's cache, which falls back to process memory while Redis is unavailable."""
    call, call_local = getattr(StrictCache, name), getattr(ProcessCache, name)

    def method(self: "SharedCache", *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self.unavailable_until:
            try:
                result = call(self, *args, **kwargs)
                self.is_unavailable = False
                return result
            except CacheUnavailableError as error:
                self.is_unavailable = True
                self.unavailable_until = time.monotonic() + RETRY_DELAY_SECONDS
                logger.warning("%s. This process uses its own memory for %d seconds.", error, RETRY_DELAY_SECONDS)
        return call_local(self.fallback, *args, **kwargs)

    return method


class SharedCache(StrictCache):
    """A cache that falls back to process memory, where rate limits count per process and so allow more requests.

    `is_unavailable` is True if the last call to Redis failed.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.fallback = ProcessCache("without redis", {"OPTIONS": {"MAX_ENTRIES": MAX_CACHE_ENTRIES}})
        self.unavailable_until = 0.0
        self.is_unavailable = False

    add, get, set, delete, touch = (_or_process_cache(name) for name in ("add", "get", "set", "delete", "touch"))
    get_many, set_many, delete_many = (_or_process_cache(name) for name in ("get_many", "set_many", "delete_many"))
    has_key, incr, count, clear = (_or_process_cache(name) for name in ("has_key", "incr", "count", "clear"))
