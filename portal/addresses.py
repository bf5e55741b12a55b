"""Where a request comes from: the connection's address, or what trusted proxies say."""

import logging
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address

LOG = logging.getLogger(__name__)
Networks = Sequence[IPv4Network | IPv6Network]


def address_of(peer: str | None, forwarded_for: str | None, *, trusted: Networks) -> str | None:
    """The rightmost entry of `X-Forwarded-For` that is no trusted proxy itself.

    The header is read only when the peer is trusted; from anybody else it is ignored, with a warning.
    """
    if peer is None or not forwarded_for:
        return peer
    if not _is_in(peer, trusted):
        _warn_once(peer)
        return peer
    for entry in reversed([part.strip() for part in forwarded_for.split(",")]):
        if not _is_address(entry):
            return peer
        if not _is_in(entry, trusted):
            return entry
    return peer


def _is_in(address: str, networks: Networks) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1000)
def _warn_once(peer: str) -> None:
    LOG.warning("X-Forwarded-For is ignored: the peer is not in PORTAL_TRUSTED_PROXIES", extra={"peer": peer})
