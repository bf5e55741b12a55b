"""How moments, spans and names read."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from portal.web.filters import ago, day, initials, moment, until

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_a_day_and_a_moment_are_told_in_utc():
    at = datetime(2026, 11, 23, 0, 30, tzinfo=timezone(timedelta(hours=1)))

    assert day(at) == "22 Nov 2026"
    assert moment(at) == "22 Nov 2026, 23:30 UTC"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=-30), "just now"),
        (timedelta(0), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=29), "29 days ago"),
        (timedelta(days=30), "1 month ago"),
        (timedelta(days=364), "12 months ago"),
        (timedelta(days=365), "1 year ago"),
        (timedelta(days=900), "2 years ago"),
    ],
)
def test_how_long_ago(span, words):
    assert ago(NOW - span, NOW) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=-1), "in a moment"),
        (timedelta(seconds=59), "in a moment"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(days=6), "in 6 days"),
        (timedelta(days=365), "in 1 year"),
    ],
)
def test_how_long_until(span, words):
    assert until(NOW + span, NOW) == words


def test_without_a_now_it_is_the_present_one():
    assert ago(datetime.now(UTC)) == "just now"
    assert until(datetime.now(UTC)) == "in a moment"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Alice", "A"), ("Alice Liddell", "AL"), ("alice m. liddell", "AL"), ("李 小龍", "李小"), ("ß", "SS"), ("", "")],
)
def test_initials(name, letters):
    assert initials(name) == letters
