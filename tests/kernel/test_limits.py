"""Limits count failures of one somebody, for a while."""

import pytest

from portal.errors import TooManyTries
from portal.limits import Limits, address_key


@pytest.fixture
def limits():
    return Limits({"signin": (3, 900), "off": (0, 1), "short": (1, 1)})


def fail(limits, times, *who, name="signin"):
    for _ in range(times):
        limits.note_failure(name, *who)


def test_as_many_failures_as_the_limit_are_used_up(limits):
    fail(limits, 3, "bob@acme.example")

    with pytest.raises(TooManyTries) as caught:
        limits.refuse_if_used_up("signin", "bob@acme.example")

    assert 1 <= caught.value.retry_after <= 900


def test_fewer_are_not(limits):
    fail(limits, 2, "bob@acme.example")

    limits.refuse_if_used_up("signin", "bob@acme.example")


def test_asking_counts_nothing(limits):
    for _ in range(10):
        limits.refuse_if_used_up("signin", "bob@acme.example")


def test_everybody_is_counted_by_themselves(limits):
    fail(limits, 3, "bob@acme.example", "203.0.113.7")

    limits.refuse_if_used_up("signin", "alice@acme.example", "203.0.113.7")
    limits.refuse_if_used_up("signin", "bob@acme.example", "203.0.113.8")


def test_a_limit_of_nought_is_off(limits):
    fail(limits, 100, "bob@acme.example", name="off")

    limits.refuse_if_used_up("off", "bob@acme.example")


def test_a_limit_nobody_declared_is_off(limits):
    fail(limits, 100, "bob@acme.example", name="unheard of")

    limits.refuse_if_used_up("unheard of", "bob@acme.example")


def test_a_wait_is_never_nought_seconds(limits):
    fail(limits, 1, "bob@acme.example", name="short")

    with pytest.raises(TooManyTries) as caught:
        limits.refuse_if_used_up("short", "bob@acme.example")

    assert caught.value.retry_after == 1


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
