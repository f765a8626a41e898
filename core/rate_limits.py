"""How often somebody may ask: counted in Django's cache, in fixed windows, for two round trips a request at most.

A window begins at a whole multiple of its length, so the time that is left of it is known without another look.
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
IPV6_PREFIX = 64  # what one customer of a provider is given


class CountingCache(Protocol):
    """The interface that `mingus.cache` adds to Django's cache."""

    is_unavailable: bool

    def count(self, key: str, timeout: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Rate:
    """`amount` times in `seconds`."""

    amount: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """The rate that a text such as "600/m" means."""
        amount, _, unit = text.partition("/")
        return cls(int(amount), SECONDS[unit])


def seconds_to_wait(scope: str, who: str) -> int:
    """Count one more request of `who` under a scope of `settings.RATES`; 0 when it may pass, else the seconds to wait."""
    if not settings.RATE_LIMITS:
        return 0
    rate, now = Rate.parse(settings.RATES[scope]), time.time()
    window = int(now // rate.seconds)
    count = cast("CountingCache", cache).count(f"rate:{scope}:{who}:{window}", rate.seconds)
    return 0 if count <= rate.amount else max(1, math.ceil((window + 1) * rate.seconds - now))


def client_ip(request: HttpRequest) -> str:
    """Where a request comes from: the proxy's word if there is one, else the other end of the connection."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.ALLAUTH_TRUSTED_PROXY_COUNT else ""
    # SECURITY: only the last entry is the proxy's; what stands before it is the caller's own claim
    text = (forwarded.split(",")[-1] or request.META.get("REMOTE_ADDR", "")).strip()
    try:
        address = ip_address(text)
    except ValueError:
        return "unknown"
    return str(ip_network((address, IPV6_PREFIX), strict=False)) if isinstance(address, IPv6Address) else text
