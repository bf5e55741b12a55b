"""The application's log: one line of JSON for each record."""

import io
import logging
from collections.abc import Callable, Iterator

import orjson
import pytest

from portal.access_log import REDACTED, request_at_work
from portal.logs import JsonLines

# Of a fixed text, since it stands in the names of tests.
SECRET = "acc_" + "0aB" * 14 + "z"
Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(stream: io.StringIO) -> Iterator[logging.Logger]:
    """A logger whose lines end in `stream` alone."""
    logger = logging.getLogger("portal.test")
    logger.propagate = False
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)


def line(stream: io.StringIO) -> dict[str, object]:
    """The one line that was written."""
    assert stream.getvalue().count("\n") == 1
    found: dict[str, object] = orjson.loads(stream.getvalue())
    return found


def test_a_line_says_when_how_bad_and_what(log, stream):
    log.warning("notes lost: %s", 3)

    entry = line(stream)
    assert (entry["level"], entry["event"], entry["logger"]) == ("warning", "notes lost: 3", "portal.test")
    assert str(entry["at"]).endswith("Z")


def test_extra_fields_are_fields(log, stream):
    log.warning("x", extra={"batch": "uses", "count": 3, "lost": True, "peer": None, "why": ValueError("no")})

    entry = line(stream)
    assert [entry[name] for name in ("batch", "count", "lost", "peer", "why")] == ["uses", 3, True, None, "no"]


def test_a_line_names_the_request_it_belongs_to(log, stream):
    before = request_at_work.set("0123abcd")
    log.warning("x")
    request_at_work.reset(before)

    assert line(stream)["request_id"] == "0123abcd"


def test_an_exception_is_in_the_same_line(log, stream):
    try:
        raise ValueError(f"a\nb\x1b[31m {SECRET}")
    except ValueError:
        log.exception("unhandled")

    entry = line(stream)
    assert entry["exception"][0] == "Traceback (most recent call last):"
    assert "\x1b" not in stream.getvalue()
    assert SECRET not in stream.getvalue()


def test_v16_4_1_a_message_cannot_forge_a_line(log, stream):
    log.warning("x\r\n%s", '{"level":"critical"}\u2028\x9b31m', extra={"name_of": "a\nb\u202e"})

    assert stream.getvalue().strip().isprintable()
    assert line(stream)["level"] == "warning"


def test_secrets_are_cut_out_of_messages_and_fields(log, stream):
    log.warning("after a newline\n%s", SECRET, extra={"path": f"/{SECRET}"})

    entry = line(stream)
    assert entry["path"] == f"/{REDACTED}"
    assert SECRET[4:] not in stream.getvalue()
