"""Addresses that webhooks may be sent to: those of hosts on the internet, and no other.

SECURITY: a user chooses the URL. A request to a private address would reach services that trust this network, such as a
cloud's metadata. The addresses of a name are resolved once, and the connection is made to one of the checked addresses, so that
a name can't resolve to another one afterwards.
"""

import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings

MAX_ADDRESSES = 4  # that are tried
MAX_LOOKUPS = 32  # at the same time, beyond those of running deliveries: a lookup that was given up may go on
INTERNET_V6 = ip_network(
    "2000::/3"
)  # the rest is private, reserved, multicast, or contains an IPv4 address (::/96, 64:ff9b::/96)
REFUSED = [
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # the metadata of Azure
        "192.0.0.0/24",  # protocols
        "192.88.99.0/24",  # relays from IPv6 to IPv4
        "2001::/23",  # Teredo and other protocols
        "2002::/16",  # 6to4, which contains an IPv4 address
        "3fff::/20",  # documentation
    )
]

_lookups = ThreadPoolExecutor(MAX_LOOKUPS, thread_name_prefix="webhook-lookup")


class AddressError(OSError):
    """The host has no address, or one that is not public."""


def resolve(host: str, port: int, *, timeout: float) -> list[str]:
    """Return the addresses of a host. Raise AddressError unless all are public, or if they are not known in `timeout`."""
    try:
        found = _lookups.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM).result(timeout)
    except TimeoutError:
        raise TimeoutError("The name server did not respond in time.") from None
    except (OSError, UnicodeError):
        raise AddressError("The host has no address.") from None
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    if not addresses or not all(map(is_allowed, addresses)):
        raise AddressError("The host has an address that is not public.")
    return addresses[:MAX_ADDRESSES]


def is_allowed(address: str) -> bool:
    """Return True if a webhook may be sent to this address."""
    return bool(settings.WEBHOOKS["allow_private"]) or is_public(ip_address(address))


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Return True for an address of a host on the internet."""
    if isinstance(address, IPv6Address) and address not in INTERNET_V6:
        return False
    is_other = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not is_other and not any(address in network for network in REFUSED)
