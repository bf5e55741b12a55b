"""Moving windows in the memory of this process: how often something happened within the last seconds.

A moving window is exact: never more than `count` in any `seconds`, wherever one begins to count. Each remembers the
times of its last `count` hits and nothing else, so that asking costs the same however full it is. Windows that are
over are dropped as others are hit, and there are never more than a bound of one kind.
"""

import time
from array import array
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

# How many are counted at once under one limit. Beyond, whoever was quiet longest is forgotten.
MOST_WINDOWS = 50_000

# Who is counted: a person and an address, a token's id.
Who = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` in any `seconds`, for everybody who is counted under `name`."""

    name: str
    count: int
    seconds: int


Place = tuple[Rate, Who]


class OwnWindows:
    """The windows of one process. Waits are in seconds; 0 is: come in."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        # By the name of the limit; whoever was hit last stands last. An array takes 8 bytes for a time, a list 32.
        self._times: defaultdict[str, OrderedDict[Who, array[float]]] = defaultdict(OrderedDict)
        self._under_way: Counter[Place] = Counter()

    def wait(self, rate: Rate, who: Who) -> float:
        """How long `who` has to wait under `rate`. Counts nothing."""
        with self._lock:
            return self._wait(rate, who, self._clock())

    def hit(self, rate: Rate, who: Who) -> float:
        """Counts one, unless there is a wait."""
        with self._lock:
            now = self._clock()
            wait = self._wait(rate, who, now)
            if not wait:
                self._count(rate, who, now)
            return wait

    def take(self, places: Sequence[Place]) -> float:
        """Holds a place under all of these limits, or none. Those held count as if they were hits."""
        with self._lock:
            now = self._clock()
            for place in places:
                wait = self._wait(*place, now) or self._wait_for_place(place, now)
                if wait:
                    return wait
            self._under_way.update(places)
            return 0.0

    def give_back(self, places: Sequence[Place], *, is_counted: bool) -> None:
        """Ends what `take` began; whether it counts from now on."""
        with self._lock:
            self._under_way.subtract(places)
            self._under_way = +self._under_way
            if is_counted:
                now = self._clock()
                for rate, who in places:
                    self._count(rate, who, now)

    def __len__(self) -> int:
        """How many are remembered, under all limits."""
        return sum(len(windows) for windows in self._times.values())

    def _wait(self, rate: Rate, who: Who, now: float) -> float:
        times = self._times[rate.name].get(who)
        if times is None or len(times) < rate.count:
            return 0.0
        return max(0.0, times[0] + rate.seconds - now)

    def _wait_for_place(self, place: Place, now: float) -> float:
        rate, who = place
        counted = sum(at > now - rate.seconds for at in self._times[rate.name].get(who, ()))
        # Those under way are over in a moment, and may leave their places free.
        return 1.0 if counted + self._under_way[place] >= rate.count else 0.0

    def _count(self, rate: Rate, who: Who, now: float) -> None:
        windows = self._times[rate.name]
        times = windows.get(who)
        if times is None:
            times = windows[who] = array("d")
        elif len(times) >= rate.count:
            del times[0]
        times.append(now)
        windows.move_to_end(who)
        while next(iter(windows.values()))[-1] <= now - rate.seconds or len(windows) > MOST_WINDOWS:
            windows.popitem(last=False)
