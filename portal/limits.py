"""Limits on how often something may be tried, in the memory of this process.

A limit counts failures, never successes, and is asked before the work that it protects.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address
from math import ceil
from threading import Lock
from time import time

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from portal.errors import TooManyTries

# Not a setting: whoever runs the portal can read the code again, and nobody else needs more tries.
FIXED_RATES = {"setup": (10, 900)}

# The name of a limit, and who is counted under it.
Key = tuple[str, ...]


class Limits:
    """The limits of one process; `rates` is limit name → (count, seconds), a count of 0 meaning off."""

    def __init__(self, rates: dict[str, tuple[int, int]]) -> None:
        self._items = {
            name: RateLimitItemPerSecond(count, seconds)
            for name, (count, seconds) in {**FIXED_RATES, **rates}.items()
            if count
        }
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._under_way: Counter[Key] = Counter()
        self._lock = Lock()

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

    @contextmanager
    def attempt(self, *keys: Key) -> Iterator["Attempt"]:
        """One attempt that counts under several limits at once. Call its `begin` right before the work."""
        attempt = Attempt(self, keys)
        try:
            yield attempt
        finally:
            attempt.end()

    def take_place(self, keys: tuple[Key, ...]) -> None:
        """Holds a place under all of these limits, or raises `TooManyTries` and holds none."""
        with self._lock:
            for name, *who in keys:
                self.refuse_if_used_up(name, *who)
                item = self._items.get(name)
                if item and self._limiter.get_window_stats(item, name, *who).remaining <= self._under_way[name, *who]:
                    raise TooManyTries(retry_after=1)
            self._under_way.update(keys)

    def give_place_back(self, keys: tuple[Key, ...]) -> None:
        """Ends what `take_place` began."""
        with self._lock:
            self._under_way.subtract(keys)
            self._under_way = +self._under_way


class Attempt:
    """Something that may fail. While it is under way it holds a place under its limits, so that attempts at the
    same moment cannot overrun them."""

    def __init__(self, limits: Limits, keys: tuple[Key, ...]) -> None:
        self._limits = limits
        self._keys = keys
        self._is_under_way = False

    def begin(self) -> None:
        """Raises `TooManyTries` when a limit is used up; then nothing is counted."""
        self._limits.take_place(self._keys)
        self._is_under_way = True

    def failed(self) -> None:
        """Counts it as a failure under all its limits."""
        for name, *who in self._keys:
            self._limits.note_failure(name, *who)

    def end(self) -> None:
        """Gives the place back, if one was taken."""
        if self._is_under_way:
            self._limits.give_place_back(self._keys)
            self._is_under_way = False


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
