"""Limits on how often something may be tried, in the memory of this process.

A limit counts failures, never successes, and is asked before the work that it protects.
"""

from ipaddress import IPv6Address, ip_address
from math import ceil
from time import time

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from portal.errors import TooManyTries


class Limits:
    """The limits of one process; `rates` is limit name → (count, seconds), a count of 0 meaning off."""

    def __init__(self, rates: dict[str, tuple[int, int]]) -> None:
        self._items = {
            name: RateLimitItemPerSecond(count, seconds) for name, (count, seconds) in rates.items() if count
        }
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def refuse_if_used_up(self, name: str, *who: str) -> None:
        """Raises `TooManyTries`, with the seconds to wait, when `who` has no failure left under limit `name`."""
        item = self._items.get(name)
        if item is None or self._limiter.test(item, name, *who):
            return
        stats = self._limiter.get_window_stats(item, name, *who)
        raise TooManyTries(retry_after=ceil(stats.reset_time - time()))

    def note_failure(self, name: str, *who: str) -> None:
        """Counts one failure of `who` under limit `name`."""
        item = self._items.get(name)
        if item is not None:
            self._limiter.hit(item, name, *who)


def address_key(address: str) -> str:
    """What an address is counted by: itself, or for IPv6 its /64, since one customer holds a whole one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64)) + "/64"
