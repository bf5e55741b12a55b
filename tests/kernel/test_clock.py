"""The time is aware and in UTC."""

from datetime import UTC, datetime, timedelta, timezone

from portal.clock import as_iso, utc_now


def test_now_is_aware_and_in_utc():
    assert utc_now().utcoffset() == timedelta(0)


def test_a_moment_is_written_in_whole_seconds_of_utc():
    at = datetime(2026, 11, 22, 11, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))

    assert as_iso(at) == "2026-11-22T10:00:00Z"
    assert as_iso(datetime(2026, 11, 22, 10, tzinfo=UTC)) == "2026-11-22T10:00:00Z"
