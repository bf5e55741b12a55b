"""Where a request comes from: the connection's address, or what trusted proxies say."""

import logging
import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

LOG = logging.getLogger(__name__)
Networks = Sequence[IPv4Network | IPv6Network]
Address = IPv4Address | IPv6Address

# No address is longer, even with a port and the name of an interface.
LONGEST = 80
# Some proxies write the port along: 198.51.100.1:4711, [2001:db8::7]:4711.
_WITH_PORT = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<four>[^:]+))(?::[0-9]+)?")


def address_of(peer: str | None, forwarded_for: str | None, *, trusted: Networks) -> str | None:
    """The rightmost entry of `X-Forwarded-For` that is no trusted proxy itself.

    The header is read only when the peer is trusted; from anybody else it is ignored, with a warning. Addresses are
    given as one writes them shortest, without a port; a peer that is no address (a Unix socket) as it is.
    """
    # Nothing to read: the system writes an address of IPv4 in one way only.
    if peer is None or (not forwarded_for and ":" not in peer):
        return peer
    own = _read(peer)
    if own is None or not forwarded_for:
        return str(own or peer)
    if not _is_in(own, trusted):
        _warn_once(str(own))
        return str(own)
    for entry in reversed(forwarded_for.split(",")):
        address = _read_entry(entry.strip()[:LONGEST])
        if address is None:
            # Whatever stands before it may have been made up.
            break
        if not _is_in(address, trusted):
            return str(address)
    return str(own)


def _read_entry(text: str) -> Address | None:
    found = _WITH_PORT.fullmatch(text)
    return _read((found["six"] or found["four"]) if found else text)


@lru_cache(maxsize=4096)
def _read(text: str) -> Address | None:
    """The address; one of IPv4 that was written as IPv6 as what it is, and without the name of an interface."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _is_in(address: Address, networks: Networks) -> bool:
    return any(address in network for network in networks)


@lru_cache(maxsize=1000)
def _warn_once(peer: str) -> None:
    LOG.warning("X-Forwarded-For is ignored: the peer is not in PORTAL_TRUSTED_PROXIES", extra={"peer": peer})
