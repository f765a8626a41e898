"""The client's address behind proxies, which only the proxies in TRUSTED_PROXIES may report."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

# headers that a proxy sets, which the application or a library might believe
PROXY_HEADERS = (
    *("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT"),
    *("HTTP_X_FORWARDED_SSL", "HTTP_X_REAL_IP", "HTTP_FORWARDED"),
)
IPAddress = IPv4Address | IPv6Address


class TrustedProxiesMiddleware:
    """Middleware that sets REMOTE_ADDR to the address of the client, and removes the headers of a proxy that is not trusted.

    SECURITY: it must be the first, so that all other code reads REMOTE_ADDR only, and never a header that a client has sent.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        peer = parsed_address(meta.get("REMOTE_ADDR", ""))
        if not is_trusted(peer):
            for name in PROXY_HEADERS:
                meta.pop(name, None)
        if peer is not None:
            meta["REMOTE_ADDR"] = str(client_address(peer, meta.get("HTTP_X_FORWARDED_FOR", "")))
        return self.get_response(request)


def client_address(peer: IPAddress, forwarded_for: str) -> IPAddress:
    """Return the last address that is not a trusted proxy's. Each proxy appends the address that it was called from.

    SECURITY: a client can send any entries, which are before those of the proxies.
    """
    address = peer
    for entry in reversed(forwarded_for.split(",")):
        reported = parsed_address(entry)
        if not is_trusted(address) or reported is None:
            break
        address = reported
    return address


def is_trusted(address: IPAddress | None) -> bool:
    return address is not None and any(address in network for network in settings.TRUSTED_PROXIES)


def parsed_address(text: str) -> IPAddress | None:
    """Return the IP address in `text`, which may have a port, or None."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # a socket for IPv6 reports IPv4 addresses as ::ffff:192.0.2.1, all of which would be in one network
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
