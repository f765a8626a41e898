"""Cache settings and backends: Redis if `REDIS_URL` is set, otherwise one cache per process.

The caches contain counters and markers, no personal data. docs/caching.md lists the entries.
"""

from typing import Any

import orjson
from django.core.cache.backends.locmem import LocMemCache

from mingus.env import Environment

MAX_CACHE_ENTRIES = 50_000  # per process, some 20 MB; with Django's 300, clients would evict each other's counters
REDIS_TIMEOUT_SECONDS = 0.5  # a response takes about half a millisecond
REDIS_CACHE_MODULE = "mingus.redis_cache."  # imported only if needed: the client costs a third of a second and 24 MB


def caches_from(env: Environment) -> dict[str, Any]:
    """Return `CACHES`: "default" is shared if Redis is set, otherwise local to each process; "strict" needs Redis."""
    url = env.text("REDIS_URL")
    if url and not url.startswith(("redis://", "rediss://")):
        env.problems.append(("REDIS_URL", "must begin with redis:// or rediss://"))
        url = ""
    own = {"BACKEND": "mingus.cache.ProcessCache", "OPTIONS": {"MAX_ENTRIES": MAX_CACHE_ENTRIES}, "LOCATION": "default"}
    caches: dict[str, Any] = {"default": own}
    if url:
        options = {
            "socket_timeout": REDIS_TIMEOUT_SECONDS,
            "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
            "serializer": "mingus.cache.JsonSerializer",
        }
        shared = {"LOCATION": url, "KEY_PREFIX": "mingus", "OPTIONS": options}
        caches["default"] = shared | {"BACKEND": REDIS_CACHE_MODULE + "SharedCache"}
        caches["strict"] = shared | {"BACKEND": REDIS_CACHE_MODULE + "StrictCache"}
    return caches


class JsonSerializer:
    """A JSON serializer. SECURITY: with Django's pickles, write access to Redis would allow code execution here."""

    def dumps(self, value: Any) -> bytes:
        return orjson.dumps(value)

    def loads(self, data: bytes) -> Any:
        return orjson.loads(data)


class ProcessCache(LocMemCache):
    """A cache in the memory of one process."""

    is_unavailable = False  # same interface as `mingus.redis_cache.SharedCache`

    def count(self, key: str, timeout: int) -> int:
        """Increment the counter `key` and return it. It starts at 0 and expires `timeout` seconds after its first increment."""
        self.add(key, 0, timeout)
        try:
            return self.incr(key)
        except ValueError:  # evicted between the two calls
            return 1
