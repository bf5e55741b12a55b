"""Limits that all processes share, in a real Valkey: the same rules, exact, and nobody kept out when it is away."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.errors import TooManyTries
from portal.limits import Limits
from portal.shared_windows import REST_SECONDS, Breaker, SharedWindows
from tests.conftest import SECRET_KEY
from tests.kernel.test_limits import KEYS, Clock
from tests.valkey import Valkey, client_of, given_url

RATES = {"token": (3, 900), "signin": (2, 900), "signin_address": (3, 900)}
# What a call may lose to a Redis that does not answer.
MOST_SECONDS = 0.25


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """One server for all tests that do not harm it; `PORTAL_TEST_REDIS_URL` overrides."""
    given = given_url()
    if given:
        yield given
        return
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    yield server.url
    server.stop()


@pytest.fixture
def redis(url):
    with client_of(url) as client:
        client.flushdb()
        yield client


@pytest.fixture
def own_server(tmp_path):
    """A server that a test may kill."""
    server = Valkey(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def process():
    """Makes the limits of one more process: `process(url)`."""
    made = []

    def start(url, rates=None, *, secret_key=SECRET_KEY):
        made.append(Limits(rates or RATES, shared=SharedWindows(url, secret_key=secret_key)))
        return made[-1]

    yield start
    for limits in made:
        limits.close()


def let_in(limits, *who, name="token", times=1):
    """How many of that many are let in."""
    count = 0
    for _ in range(times):
        try:
            limits.count(name, *who)
        except TooManyTries:
            continue
        count += 1
    return count


def attempt(limits, *, is_counted):
    with limits.attempt(*KEYS) as one:
        one.begin()
        if is_counted:
            one.count()


class TestTogether:
    def test_processes_count_together(self, redis, url, process):
        first, second = process(url), process(url)

        assert [let_in(one, 7) for one in (first, second, first, second, first)] == [1, 1, 1, 0, 0]
        assert let_in(second, 8) == 1

    def test_a_refusal_says_how_long_to_wait_wherever_it_came_from(self, redis, url, process):
        first, second = process(url), process(url)
        let_in(first, 7, times=3)

        with pytest.raises(TooManyTries) as caught:
            second.count("token", 7)

        assert 890 <= caught.value.retry_after <= 900
        assert caught.value.policy.name == "token"

    def test_f17_the_window_moves_by_the_clock_of_the_server(self, redis, url, process):
        limits = process(url, {"token": (2, 1)})
        other = process(url, {"token": (2, 1)})
        assert let_in(limits, 7, times=5) == 2

        time.sleep(1.05)

        assert [let_in(other, 7, times=5), let_in(limits, 7)] == [2, 0]

    def test_many_at_once_cannot_overrun_it(self, redis, url, process):
        some = [process(url, {"token": (50, 900)}) for _ in range(4)]
        with ThreadPoolExecutor(8) as pool:
            counts = list(pool.map(lambda number: let_in(some[number % 4], 7, times=10), range(16)))

        assert sum(counts) == 50

    def test_what_is_over_is_kept_nowhere(self, redis, url, process):
        limits = process(url, {"token": (2, 1)})
        for number in range(20):
            limits.count("token", number)
        assert redis.dbsize() == 20

        time.sleep(1.2)

        assert redis.dbsize() == 0

    def test_nobody_can_be_read_there_and_two_portals_do_not_meet(self, redis, url, process):
        process(url).count("token", "alice@acme.example")
        process(url, secret_key=SECRET_KEY[::-1]).count("token", "alice@acme.example")
        kept = redis.keys()

        assert len(kept) == 2
        assert "alice" not in " ".join(kept)


class TestAttempts:
    def test_one_under_way_holds_its_place_in_every_process(self, redis, url, process):
        rates = {"signin": (1, 900), "signin_address": (50, 900)}
        with process(url, rates).attempt(*KEYS) as first, process(url, rates).attempt(*KEYS) as second:
            first.begin()
            with pytest.raises(TooManyTries) as caught:
                second.begin()

        assert caught.value.retry_after == 1

    def test_one_that_went_well_gives_its_place_back(self, redis, url, process):
        for _ in range(5):
            attempt(process(url), is_counted=False)

        assert redis.dbsize() == 0

    def test_those_that_failed_count_in_every_process(self, redis, url, process):
        for _ in range(2):
            attempt(process(url), is_counted=True)

        with pytest.raises(TooManyTries) as caught:
            attempt(process(url), is_counted=False)
        assert 890 <= caught.value.retry_after <= 900

    def test_one_refused_holds_no_place_anywhere(self, redis, url, process):
        rates = {"signin": (9, 900), "signin_address": (1, 900)}
        first, second = process(url, rates), process(url, rates)
        attempt(first, is_counted=True)
        with pytest.raises(TooManyTries):
            attempt(second, is_counted=True)

        assert len(list(redis.scan_iter("*under-way"))) == 0
        assert len(second._own) == 0

    def test_many_at_once_cannot_overrun_it(self, redis, url, process):
        some, barrier = [process(url) for _ in range(4)], threading.Barrier(4)

        def fail(limits):
            barrier.wait()
            try:
                attempt(limits, is_counted=True)
            except TooManyTries:
                return 0
            return 1

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(fail, some)) == 2


class TestAway:
    def test_f13_a_killed_server_costs_no_call_and_each_process_counts_alone(self, own_server, process, caplog):
        limits = process(own_server.url)
        limits.count("token", 7)
        own_server.kill()

        assert let_in(limits, 7, times=5) == 2
        assert let_in(limits, 8, times=5) == 3
        assert [record.message for record in caplog.records] == [
            "Redis cannot answer, limits count in each process alone"
        ]

    def test_f13_failed_sign_ins_that_this_process_saw_still_count(self, own_server, process):
        limits = process(own_server.url)
        for _ in range(2):
            attempt(limits, is_counted=True)
        own_server.kill()

        with pytest.raises(TooManyTries):
            attempt(limits, is_counted=False)

    def test_f13_an_attempt_under_way_when_it_dies_ends_well(self, own_server, process):
        limits = process(own_server.url)
        with limits.attempt(*KEYS) as one:
            one.begin()
            own_server.kill()
            one.count()
        attempt(limits, is_counted=True)

        with pytest.raises(TooManyTries):
            attempt(limits, is_counted=False)

    def test_f13_a_server_that_is_back_counts_again_by_itself(self, own_server, process, monkeypatch):
        monkeypatch.setattr("portal.shared_windows.REST_SECONDS", 0.1)
        first, second = process(own_server.url), process(own_server.url)
        own_server.kill()
        let_in(first, 7), let_in(second, 7)
        assert [first.is_degraded(), second.is_degraded()] == [True, True]
        own_server.start()
        time.sleep(0.15)

        assert [first.is_degraded(), second.is_degraded()] == [False, False]
        assert let_in(first, 8, times=3) + let_in(second, 8, times=3) == 3

    def test_a_connection_that_was_cut_in_between_is_opened_again_unnoticed(self, own_server, process, caplog):
        limits = process(own_server.url)
        limits.count("token", 7)
        own_server.kill()
        own_server.start()
        limits.count("token", 7)

        assert limits.is_degraded() is False
        assert caplog.records == []

    def test_f14_a_frozen_server_delays_one_call_and_that_little(self, own_server, process, caplog):
        limits = process(own_server.url, {"token": (1000, 900)})
        limits.count("token", 7)
        own_server.freeze()
        took = []
        for _ in range(50):
            started = time.perf_counter()
            limits.count("token", 7)
            took.append(time.perf_counter() - started)

        assert max(took) < MOST_SECONDS
        assert sum(took) < 2 * MOST_SECONDS
        assert len(caplog.records) == 1

    def test_f14_a_frozen_server_is_asked_by_one_of_many_threads(self, own_server, process, monkeypatch):
        limits = process(own_server.url, {"token": (1000, 900)})
        own_server.freeze()
        let_in(limits, 7)
        limits._shared._breaker._try_again_at = 0

        def timed(_):
            started = time.perf_counter()
            limits.count("token", 7)
            return time.perf_counter() - started

        with ThreadPoolExecutor(8) as pool:
            took = sorted(pool.map(timed, range(8)))
        assert took[-2] < 0.09 < took[-1] < MOST_SECONDS

    def test_f14_it_counts_again_once_it_goes_on(self, own_server, process, monkeypatch):
        monkeypatch.setattr("portal.shared_windows.REST_SECONDS", 0.1)
        limits = process(own_server.url)
        own_server.freeze()
        let_in(limits, 7)
        own_server.thaw()
        time.sleep(0.15)

        assert limits.is_degraded() is False

    @pytest.mark.parametrize("trouble", [{"maxmemory": "1"}, {"min-replicas-to-write": "1"}])
    def test_f16_a_server_that_takes_nothing_is_as_one_that_is_away(self, trouble, own_server, process, caplog):
        limits = process(own_server.url)
        with client_of(own_server.url) as client:
            for name, value in trouble.items():
                client.config_set(name, value)

        assert let_in(limits, 7, times=5) == 3
        assert limits.is_degraded() is True
        assert len(caplog.records) == 1

    def test_a_name_that_leads_nowhere_and_a_wrong_password_are_no_fault_of_the_call(self, url, process, caplog):
        for wrong in ("redis://127.0.0.1:1/0", url.replace("redis://", "redis://nobody:word@")):
            assert let_in(process(wrong), 7, times=5) == 3
        assert "word" not in caplog.text


class TestBreaker:
    def test_one_at_a_time_tries_again_after_a_rest(self):
        clock = Clock()
        breaker = Breaker(clock)
        breaker.went_wrong()
        before = [breaker.lets_try() for _ in range(3)]
        clock.now += REST_SECONDS
        after = [breaker.lets_try() for _ in range(3)]
        breaker.went_well()

        assert (before, after, breaker.lets_try(), breaker.is_closed) == ([False] * 3, [True, False, False], True, True)
