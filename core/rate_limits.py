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


def seconds_to_wait_once(request: HttpRequest, scope: str, who: str) -> int:
    """Do the same, and count the request only once if the fast path has left it to the plain path."""
    counted: dict[tuple[str, str], int] = vars(request).setdefault("counted_by_rate_limits", {})
    if (scope, who) not in counted:
        counted[scope, who] = seconds_to_wait(scope, who)
    return counted[scope, who]


def client_ip(request: HttpRequest) -> str:
    """Return the IP address of the client, for IPv6 the network that a provider assigns to one customer."""
    return _network_of(request, ipv4_prefix=32, ipv6_prefix=64)


def client_network(request: HttpRequest) -> str:
    """Return a network with more of the addresses that one attacker may have."""
    return _network_of(request, ipv4_prefix=24, ipv6_prefix=56)


def _network_of(request: HttpRequest, *, ipv4_prefix: int, ipv6_prefix: int) -> str:
    # behind a proxy, `mingus.proxies` has replaced REMOTE_ADDR
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return "unknown"
    prefix = ipv6_prefix if isinstance(address, IPv6Address) else ipv4_prefix
    return str(address) if prefix == address.max_prefixlen else str(ip_network((address, prefix), strict=False))
