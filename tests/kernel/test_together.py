"""Questions of many threads, asked in one go."""

import threading

import pytest

from portal.errors import DatabaseUnavailable
from portal.together import Together
from tests.server.running import wait_for


class Desk:
    """Answers what it knows, and only when it is let; remembers who was asked for together."""

    def __init__(self):
        self.known = {}
        self.asked = []
        self.fails_with = None
        self._may_answer = threading.Semaphore(0)
        self.together = Together(self._answer)

    def _answer(self, questions):
        self.asked.append(sorted(questions))
        assert self._may_answer.acquire(timeout=5)
        if self.fails_with is not None:
            raise self.fails_with
        return {question: self.known[question] for question in questions if question in self.known}

    def let_answer(self, times=1):
        self._may_answer.release(times)

    def waits(self, count):
        return lambda: len(self.together._waiting) == count


class Caller(threading.Thread):
    """Somebody who asks, in a thread of their own, and keeps what came of it."""

    def __init__(self, desk, question):
        super().__init__(daemon=True)
        self._desk, self._question = desk, question
        self.outcome = None
        self.start()

    def run(self):
        try:
            self.outcome = self._desk.together.find(self._question)
        except BaseException as error:
            self.outcome = error

    def told(self):
        self.join(timeout=5)
        assert not self.is_alive()
        return self.outcome


@pytest.fixture
def desk():
    return Desk()


def asking(desk, first, *others):
    """One whose question is being answered, and others who came meanwhile."""
    callers = [Caller(desk, first)]
    assert wait_for(lambda: desk.asked == [[first]])
    callers += [Caller(desk, question) for question in others]
    assert wait_for(desk.waits(len(others)))
    return callers


def test_who_is_alone_is_asked_for_at_once(desk):
    desk.known = {"a": (1,)}
    desk.let_answer(2)

    assert desk.together.find("a") == (1,)
    assert desk.together.find("b") is None
    assert desk.asked == [["a"], ["b"]]


def test_all_who_came_meanwhile_are_asked_for_in_one_go(desk):
    desk.known = {"a": (1,), "b": (2,), "c": (3,)}
    callers = asking(desk, "a", "b", "nobody", "c", "b")
    desk.let_answer(2)

    assert [caller.told() for caller in callers] == [(1,), (2,), None, (3,), (2,)]
    assert desk.asked == [["a"], ["b", "b", "c", "nobody"]]


def test_nobody_is_told_what_was_read_before_they_came(desk):
    desk.known = {"a": ("good",)}
    first, second = asking(desk, "a", "a")
    desk.let_answer()
    assert first.told() == ("good",)

    desk.known = {"a": ("revoked",)}
    desk.let_answer()

    assert second.told() == ("revoked",)


def test_a_failure_is_told_to_all_who_wait_and_the_next_one_asks_anew(desk):
    desk.fails_with = RuntimeError("away")
    callers = asking(desk, "a", "b", "c")
    desk.let_answer()
    first, *others = (caller.told() for caller in callers)
    assert first is desk.fails_with
    assert [(type(other), other.__cause__) for other in others] == [(DatabaseUnavailable, first)] * 2

    desk.fails_with, desk.known = None, {"b": (2,)}
    desk.let_answer()

    assert desk.together.find("b") == (2,)
    assert desk.asked == [["a"], ["b"]]


def test_who_is_left_without_an_answer_is_never_told_that_there_is_nothing(desk):
    # As when the thread that asks for all of them is made to end.
    desk.fails_with = SystemExit()
    callers = asking(desk, "a", "b")
    desk.let_answer()

    ended, left = (caller.told() for caller in callers)

    assert isinstance(ended, SystemExit)
    assert isinstance(left, DatabaseUnavailable)


def test_hundreds_of_threads_each_get_their_own_answer():
    together = Together(lambda keys: {key: (key, "row") for key in keys if not key.endswith("7")})
    wrong = []

    def ask_often(name):
        for number in range(200):
            key = f"{name}-{number}"
            if together.find(key) != (None if key.endswith("7") else (key, "row")):
                wrong.append(key)

    threads = [threading.Thread(target=ask_often, args=(name,)) for name in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []
