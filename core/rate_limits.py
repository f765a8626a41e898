"""Rate limits with fixed windows, counted in Django's cache with at most two round trips per request.

A window begins at a whole multiple of its length, so that its remaining time is known without a query.
"""

import math
import time
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Protocol, cast

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
IPV6_PREFIX = 64  # the network that a provider assigns to one customer


class CountingCache(Protocol):
    """The interface that `mingus.cache` adds to Django's cache."""

    is_unavailable: bool

    def count(self, key: str, timeout: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Rate:
    amount: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """Parse a text such as "600/m"."""
        amount, _, unit = text.partition("/")
        return cls(int(amount), SECONDS[unit])


def seconds_to_wait(scope: str, who: str) -> int:
    """Count a request of `who` in a scope of `settings.RATES`, and return 0 if it is allowed, else the seconds to wait."""
    if not settings.RATE_LIMITS:
        return 0
    rate, now = Rate.parse(settings.RATES[scope]), time.time()
    window = int(now // rate.seconds)
    count = cast("CountingCache", cache).count(f"rate:{scope}:{who}:{window}", rate.seconds)
    return 0 if count <= rate.amount else max(1, math.ceil((window + 1) * rate.seconds - now))


def client_ip(request: HttpRequest) -> str:
    """Return the IP address of the client (for IPv6 its /64 network), as reported by a trusted proxy if there is one."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.ALLAUTH_TRUSTED_PROXY_COUNT else ""
    # SECURITY: only the last entry is the proxy's; the client can send any entries before it
    text = (forwarded.split(",")[-1] or request.META.get("REMOTE_ADDR", "")).strip()
    try:
        address = ip_address(text)
    except ValueError:
        return "unknown"
    return str(ip_network((address, IPV6_PREFIX), strict=False)) if isinstance(address, IPv6Address) else text
