"""Limits count what somebody does, for a while; attempts hold a place while they are under way."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.app import create_app
from portal.current import running_in
from portal.errors import TooManyTries
from portal.limits import Limits, address_key
from portal.windows import OwnWindows, Rate
from tests.conftest import settings_for

KEYS = (("signin", "bob", "192.0.2.1"), ("signin_address", "192.0.2.1"))
RATE = Rate("token", 3, 2)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def windows(clock):
    return OwnWindows(clock)


@pytest.fixture
def limits():
    return Limits({"token": (3, 900), "off": (0, 1), "signin": (2, 900), "signin_address": (3, 900)})


def count(limits, times, *who, name="token"):
    for _ in range(times):
        limits.count(name, *who)


class TestWindows:
    def test_no_window_ever_holds_more_than_the_rate_wherever_it_begins(self, windows, clock):
        let_in = []
        for _ in range(400):
            clock.now += 0.05
            if not windows.hit(RATE, (7,)):
                let_in.append(clock.now)
        assert all(later - first >= RATE.seconds for first, later in zip(let_in, let_in[3:], strict=False))
        assert len(let_in) == 30

    def test_a_wait_is_until_the_oldest_leaves_the_window(self, windows, clock):
        for _ in range(3):
            windows.hit(RATE, (7,))
            clock.now += 0.5
        assert windows.hit(RATE, (7,)) == 0.5
        clock.now += 0.5
        assert windows.hit(RATE, (7,)) == 0

    def test_a_refused_hit_counts_nothing(self, windows, clock):
        for _ in range(50):
            windows.hit(RATE, (7,))
        clock.now += RATE.seconds
        assert [windows.hit(RATE, (7,)) for _ in range(3)] == [0, 0, 0]

    def test_windows_that_are_over_are_dropped_as_others_are_hit(self, windows, clock):
        for number in range(1000):
            windows.hit(RATE, (number,))
        clock.now += RATE.seconds
        windows.hit(RATE, ("new",))
        assert len(windows) == 1

    def test_one_that_goes_on_being_hit_is_kept(self, windows, clock):
        for _ in range(20):
            windows.hit(RATE, ("busy",))
            windows.hit(RATE, (clock.now,))
            clock.now += 0.7
        assert len(windows) <= 5
        assert windows.wait(RATE, ("busy",)) == 0
        windows.hit(RATE, ("busy",))
        assert windows.wait(RATE, ("busy",)) > 0

    def test_memory_is_bounded_and_whoever_was_quiet_longest_is_forgotten(self, windows, clock, monkeypatch):
        monkeypatch.setattr("portal.windows.MOST_WINDOWS", 10)
        for number in range(50):
            windows.hit(Rate("token", 1, 2), (number,))
        assert len(windows) == 10
        assert windows.wait(Rate("token", 1, 2), (49,)) > 0
        assert windows.wait(Rate("token", 1, 2), (0,)) == 0

    def test_asking_keeps_nothing(self, windows):
        windows.wait(RATE, (7,))
        windows.take([(RATE, (7,))])
        windows.give_back([(RATE, (7,))], is_counted=False)
        assert (len(windows), len(windows._under_way)) == (0, 0)

    def test_hits_of_many_threads_are_all_counted(self, windows):
        rate = Rate("token", 500, 900)
        with ThreadPoolExecutor(8) as pool:
            waits = list(pool.map(lambda _: windows.hit(rate, (7,)), range(800)))
        assert sum(wait == 0 for wait in waits) == 500


class TestLimits:
    def test_as_many_as_the_limit_are_let_in(self, limits):
        count(limits, 3, 7)
        with pytest.raises(TooManyTries) as caught:
            limits.count("token", 7)
        assert 1 <= caught.value.retry_after <= 900

    def test_a_refusal_says_which_limit_in_the_words_of_the_draft(self, limits):
        count(limits, 3, 7)
        with pytest.raises(TooManyTries) as caught:
            limits.count("token", 7)
        assert caught.value.headers == {
            "Retry-After": "900",
            "RateLimit": '"token";r=0;t=900',
            "RateLimit-Policy": '"token";q=3;w=900',
        }

    def test_everybody_is_counted_by_themselves(self, limits):
        count(limits, 3, 7)
        limits.count("token", 8)

    @pytest.mark.parametrize("name", ["off", "unheard of"])
    def test_a_limit_of_nought_and_one_that_nobody_declared_are_off(self, limits, name):
        count(limits, 100, 7, name=name)

    def test_a_wait_is_never_nought_seconds(self):
        limits = Limits({"short": (1, 1)})
        limits.count("short", 7)
        with pytest.raises(TooManyTries) as caught:
            limits.count("short", 7)
        assert caught.value.retry_after == 1

    def test_no_thread_runs_for_them(self, tmp_path):
        before = threading.active_count()
        app = create_app(settings_for(f"sqlite:///{tmp_path / 'portal.db'}", tmp_path, limits="token=3/900s"))
        running_in(app).limits.count("token", 7)
        assert threading.active_count() == before


class TestAttempts:
    def test_one_under_way_holds_its_place(self):
        limits = Limits({"signin": (1, 900), "signin_address": (50, 900)})
        with limits.attempt(*KEYS) as first, limits.attempt(*KEYS) as second:
            first.begin()
            with pytest.raises(TooManyTries) as caught:
                second.begin()
        assert caught.value.retry_after == 1

    def test_one_that_does_not_count_gives_its_place_back(self):
        limits = Limits({"signin": (1, 900), "signin_address": (50, 900)})
        for _ in range(3):
            with limits.attempt(*KEYS) as attempt:
                attempt.begin()

    def test_one_that_breaks_gives_its_place_back(self):
        limits = Limits({"signin": (1, 900), "signin_address": (50, 900)})
        for _ in range(3):
            with pytest.raises(ZeroDivisionError), limits.attempt(*KEYS) as attempt:
                attempt.begin()
                raise ZeroDivisionError

    def test_one_that_counts_does_so_under_all_its_limits(self):
        limits = Limits({"signin": (10, 900), "signin_address": (1, 900)})
        with limits.attempt(*KEYS) as attempt:
            attempt.begin()
            attempt.count()
        with limits.attempt(("signin", "alice", "192.0.2.1"), KEYS[1]) as other, pytest.raises(TooManyTries):
            other.begin()

    def test_one_that_never_began_counts_nothing(self, limits):
        for _ in range(20):
            with limits.attempt(*KEYS):
                pass
        with limits.attempt(*KEYS) as attempt:
            attempt.begin()

    def test_of_several_limits_nobody_is_told_which_one_is_used_up(self, limits):
        for _ in range(2):
            with limits.attempt(*KEYS) as attempt:
                attempt.begin()
                attempt.count()
        with limits.attempt(*KEYS) as attempt, pytest.raises(TooManyTries) as caught:
            attempt.begin()
        assert caught.value.headers == {"Retry-After": "900"}

    def test_limits_that_are_off_refuse_nobody(self):
        limits = Limits({"signin": (0, 1), "signin_address": (0, 1)})
        for _ in range(20):
            with limits.attempt(*KEYS) as attempt:
                attempt.begin()
                attempt.count()


def test_a_hit_in_memory_costs_the_same_however_much_is_counted():
    """Not a benchmark: a guard against work that grows."""
    limits = Limits({"token": (10_000, 900)})
    for number in range(20_000):
        limits.count("token", number)
    started = time.perf_counter()
    for _ in range(9_000):
        limits.count("token", 7)
    assert (time.perf_counter() - started) / 9_000 < 0.0002


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:DB8:0:0:ffff::1", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("unix:", "unix:"),
    ],
)
def test_an_ipv6_customer_counts_as_one(address, key):
    assert address_key(address) == key
