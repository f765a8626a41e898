"""What the processes of MINGUS remember together: in Redis where `REDIS_URL` is set, else each process by itself.

Nothing of a person is kept here, only counters and marks; docs/caching.md lists them.
"""

from typing import Any

import orjson
from django.core.cache.backends.locmem import LocMemCache

from mingus.env import Environment

MAX_CACHE_ENTRIES = 50_000  # by one process: some 20 MB. Django's 300 would let a crowd push each other's counters out
REDIS_TIMEOUT_SECONDS = 0.5  # seconds; an answer takes a thousandth of that
REDIS_CACHE_MODULE = "mingus.redis_cache."  # not imported without need: the client costs a third of a second and 24 MB


def caches_from(env: Environment) -> dict[str, Any]:
    """`CACHES`: "default" is what processes share, "process" is each one's own, and "strict" is there with Redis only."""
    url = env.text("REDIS_URL")
    if url and not url.startswith(("redis://", "rediss://")):
        env.problems.append(("REDIS_URL", "must begin with redis:// or rediss://"))
        url = ""
    own = {"BACKEND": "mingus.cache.ProcessCache", "OPTIONS": {"MAX_ENTRIES": MAX_CACHE_ENTRIES}}
    caches: dict[str, Any] = {"default": own | {"LOCATION": "default"}, "process": own | {"LOCATION": "process"}}
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
    """SECURITY: Django's own writes pickles, and whoever can write into Redis could then run code here."""

    def dumps(self, value: Any) -> bytes:
        return orjson.dumps(value)

    def loads(self, data: bytes) -> Any:
        return orjson.loads(data)


class ProcessCache(LocMemCache):
    """One process's memory."""

    is_unavailable = False  # as `mingus.redis_cache.SharedCache`

    def count(self, key: str, timeout: int) -> int:
        """One more of `key`, which begins at 0 and is forgotten after `timeout` seconds."""
        self.add(key, 0, timeout)
        try:
            return self.incr(key)
        except ValueError:  # it was pushed out between the two
            return 1
