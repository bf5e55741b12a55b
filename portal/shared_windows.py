"""The windows that all processes share, in Redis or Valkey. It may be away at any time: then nobody is kept out here,
and the windows of each process (`portal.windows`) decide alone.

Time is the server's own, so that hosts whose clocks differ count alike. Nobody can be read there: who is counted is
hashed with a key that the server does not know.
"""

import logging
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b, sha256
from secrets import token_hex
from threading import Lock
from typing import TYPE_CHECKING, Any

from portal.logs import OnceAMinute
from portal.windows import Place, Rate, Who

if TYPE_CHECKING:
    from redis.commands.core import Script

LOG = logging.getLogger(__name__)

# How long a call waits for an answer; connecting and asking are timed apart.
ANSWER_SECONDS = 0.1
# After a failure nobody asks for so long, then one call tries again.
REST_SECONDS = 5.0
# A process that died in the middle of an attempt gives its place back after that.
_LEASE_SECONDS = 60
_MICRO = 1_000_000
_PROBE = Rate("probe", 1, 1)

# The first line makes a server whose memory is full refuse the script as a whole; without it, it would only look at
# the first write, which frees memory (Redis 7).
_HEAD = """#!lua
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function wait_for(key, count, span)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - span)
  if redis.call('ZCARD', key) < count then return 0 end
  local oldest = redis.call('ZRANGE', key, -count, -count, 'WITHSCORES')
  return math.max(1, math.min(span, oldest[2] + span - now))
end
local function add(key, member, span)
  redis.call('ZADD', key, now, member)
  redis.call('PEXPIRE', key, math.ceil(span / 1000))
end
"""
# KEYS: the window. ARGV: member, count, span.
_HIT = f"""{_HEAD}
local count, span = tonumber(ARGV[2]), tonumber(ARGV[3])
local wait = wait_for(KEYS[1], count, span)
if wait == 0 then add(KEYS[1], ARGV[1], span) end
return wait
"""
# KEYS: for each limit the window and the places under way. ARGV: member, lease, then count and span for each limit.
_TAKE = f"""{_HEAD}
local lease = tonumber(ARGV[2])
for i = 1, #KEYS, 2 do
  local count = tonumber(ARGV[i + 2])
  local wait = wait_for(KEYS[i], count, tonumber(ARGV[i + 3]))
  redis.call('ZREMRANGEBYSCORE', KEYS[i + 1], '-inf', now - lease)
  if wait == 0 and redis.call('ZCARD', KEYS[i]) + redis.call('ZCARD', KEYS[i + 1]) >= count then wait = 1000000 end
  if wait > 0 then return wait end
end
for i = 1, #KEYS, 2 do add(KEYS[i + 1], ARGV[1], lease) end
return 0
"""
# KEYS as above. ARGV: member, 1 when it counts, then the span of each limit.
_GIVE_BACK = f"""{_HEAD}
for i = 1, #KEYS, 2 do
  redis.call('ZREM', KEYS[i + 1], ARGV[1])
  if ARGV[2] == '1' then add(KEYS[i], ARGV[1], tonumber(ARGV[(i + 1) / 2 + 2])) end
end
return 0
"""


class Breaker:
    """Keeps a fault from being met on each call: after one, everybody passes by for a while, then one tries again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._try_again_at: float | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the last try went well."""
        return self._try_again_at is None

    def lets_try(self) -> bool:
        """Whether the caller is to try, and say how it went."""
        if self._try_again_at is None:
            return True
        with self._lock:
            if self._try_again_at is None or self._clock() < self._try_again_at:
                return self._try_again_at is None
            self._try_again_at = self._clock() + REST_SECONDS
            return True

    def went_well(self) -> None:
        self._try_again_at = None

    def went_wrong(self) -> None:
        with self._lock:
            self._try_again_at = self._clock() + REST_SECONDS


class SharedWindows:
    """The windows in Redis at `url`. Waits are in seconds; 0 is: come in, or Redis cannot answer."""

    def __init__(self, url: str, *, secret_key: str) -> None:
        # A fifth of a second that only those pay who have a Redis.
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        # One more try, and only where the connection turned out to be cut: a slow server is not asked twice.
        retry = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
        self._client = redis.Redis.from_url(
            url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS, retry=retry
        )
        self._errors = (redis.RedisError, OSError)
        self._hit, self._take, self._give_back = map(self._client.register_script, (_HIT, _TAKE, _GIVE_BACK))
        self._hash_key = sha256(secret_key.encode()).digest()
        self._breaker = Breaker()
        self._said = OnceAMinute()

    def hit(self, rate: Rate, who: Who) -> float:
        """Counts one, unless there is a wait."""
        return self._ask(self._hit, [self._key(rate, who)], [token_hex(8), rate.count, _span(rate)])

    def take(self, places: Sequence[Place], ticket: str) -> float:
        """Holds a place under all of these limits, or none. `ticket` is one of a kind."""
        amounts = [amount for rate, _ in places for amount in (rate.count, _span(rate))]
        return self._ask(self._take, self._keys(places), [ticket, _LEASE_SECONDS * _MICRO, *amounts])

    def give_back(self, places: Sequence[Place], ticket: str, *, is_counted: bool) -> None:
        """Ends what `take` began with that ticket; whether it counts from now on."""
        self._ask(self._give_back, self._keys(places), [ticket, int(is_counted), *(_span(rate) for rate, _ in places)])

    def is_well(self) -> bool:
        """Whether Redis takes what is counted. Asks it, unless that failed a moment ago."""
        self.hit(_PROBE, ())
        return self._breaker.is_closed

    def close(self) -> None:
        """Gives the connections back to the system."""
        self._client.close()

    def _ask(self, script: "Script", keys: list[str], arguments: list[Any]) -> float:
        if not self._breaker.lets_try():
            return 0.0
        try:
            wait = script(keys=keys, args=arguments)
        except self._errors as error:
            self._breaker.went_wrong()
            if self._said.is_due("away"):
                LOG.warning("Redis cannot answer, limits count in each process alone", extra={"why": str(error)})
            return 0.0
        self._breaker.went_well()
        return float(wait) / _MICRO

    def _keys(self, places: Sequence[Place]) -> list[str]:
        keys = [self._key(*place) for place in places]
        return [one for key in keys for one in (key, f"{key}:under-way")]

    def _key(self, rate: Rate, who: Who) -> str:
        return f"portal:{rate.name}:{blake2b(repr(who).encode(), key=self._hash_key, digest_size=16).hexdigest()}"


def _span(rate: Rate) -> int:
    return rate.seconds * _MICRO
