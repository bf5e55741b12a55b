"""Limits on how often something may be done: by a stranger's address, by a token, by a person.

What this process saw always counts; where there is a Redis, what the others saw counts too. So a Redis that goes away
takes nothing back that was counted here, and one that comes back needs no telling.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address
from math import ceil
from secrets import token_hex

from portal.errors import Policy, TooManyTries
from portal.settings import Settings
from portal.shared_windows import SharedWindows
from portal.windows import OwnWindows, Place, Rate, Who

# Not a setting: whoever runs the portal can read the code again, and nobody else needs more tries.
FIXED_RATES = {"setup": (10, 900)}

ADDRESS = "address"
TOKEN = "token"
CREATE = "create"

# The name of a limit, and who is counted under it.
Key = tuple[str | int, ...]


class Limits:
    """The limits of one process; `rates` is limit name → (count, seconds), a count of 0 meaning off."""

    def __init__(self, rates: dict[str, tuple[int, int]], *, shared: SharedWindows | None = None) -> None:
        self._rates = {
            name: Rate(name, count, seconds) for name, (count, seconds) in {**FIXED_RATES, **rates}.items() if count
        }
        self._own = OwnWindows()
        self._shared = shared

    def count(self, name: str, *who: str | int) -> None:
        """Counts one of `who` under limit `name`. Raises `TooManyTries` when it is used up; then nothing is counted."""
        rate = self._rates.get(name)
        if rate is not None:
            _refuse(self._hit(rate, who), rate)

    def _hit(self, rate: Rate, who: Who) -> float:
        if self._shared is not None:
            # Asked first, since whoever is over the limit here is so for everybody.
            wait = self._own.wait(rate, who) or self._shared.hit(rate, who)
            if wait:
                return wait
        return self._own.hit(rate, who)

    @contextmanager
    def attempt(self, *keys: Key) -> Iterator["Attempt"]:
        """One attempt that may count, under several limits at once. Call its `begin` right before the work."""
        rates = [(self._rates.get(str(name)), tuple(who)) for name, *who in keys]
        attempt = Attempt([(rate, who) for rate, who in rates if rate is not None], self._own, self._shared)
        try:
            yield attempt
        finally:
            attempt.end()

    def is_degraded(self) -> bool | None:
        """Whether the Redis that should be there cannot answer; None without one."""
        return None if self._shared is None else not self._shared.is_well()

    def close(self) -> None:
        """Gives the connections to Redis back to the system."""
        if self._shared is not None:
            self._shared.close()


class Attempt:
    """Something that may come to count. While it is under way it holds a place under its limits, so that attempts at
    the same moment cannot overrun them."""

    def __init__(self, places: list[Place], own: OwnWindows, shared: SharedWindows | None) -> None:
        self._places = places
        self._own = own
        self._shared = shared
        self._ticket = token_hex(8)
        self._is_under_way = self._is_counted = False

    def begin(self) -> None:
        """Raises `TooManyTries` when a limit is used up; then nothing is counted."""
        if not self._places:
            return
        # Of several limits nobody is told which one it was.
        rate = self._places[0][0] if len(self._places) == 1 else None
        _refuse(self._own.take(self._places), rate)
        self._is_under_way = True
        if self._shared is not None:
            _refuse(self._shared.take(self._places, self._ticket), rate)

    def count(self) -> None:
        """From the end on it counts under all its limits: a sign-in that failed, a token that was made."""
        self._is_counted = True

    def end(self) -> None:
        """Gives the place back, if one was taken."""
        if not self._is_under_way:
            return
        self._is_under_way = False
        self._own.give_back(self._places, is_counted=self._is_counted)
        if self._shared is not None:
            self._shared.give_back(self._places, self._ticket, is_counted=self._is_counted)


def limits_for(settings: Settings) -> Limits:
    """The limits of one process, as set; shared where there is a Redis."""
    url = settings.redis_url
    return Limits(settings.limits, shared=SharedWindows(url, secret_key=settings.secret_key) if url else None)


def _refuse(wait: float, rate: Rate | None) -> None:
    if wait:
        policy = None if rate is None else Policy(rate.name, rate.count, rate.seconds)
        raise TooManyTries(retry_after=ceil(wait), policy=policy)


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
