"""Bodies: read in order (size, media type, JSON, fields), and never trusted."""

import io
import json
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.calls import TOKENS, code, errors

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"name": "x",}',
        b"{'name': 'x'}",
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'\xef\xbb\xbf{"name": "x"}',
        '{"name": "x"}'.encode("utf-16"),
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"name": "x"} {}',
        b'{"name": "x", "name": "y"}',
        b'{"name": "x", "\\u006eame": "y"}',
        b'{"name": {"a": 1, "a": 2}}',
        b'{"name": ' + b"1" * 5000 + b"}",
        b"[" * 30_000 + b"]" * 30_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    ],
)
def test_what_is_no_json_is_malformed(alices, body):
    answer = alices.post(data=body, headers=JSON)

    assert (answer.status_code, code(answer)) == (400, "malformed_json")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "text/json", None])
def test_what_is_not_sent_as_json_is_not_read(alices, media_type):
    headers = {"Content-Type": media_type} if media_type else {}
    answer = alices.post(data=b'{"name": "x"}', headers=headers)

    assert (answer.status_code, code(answer)) == (415, "unsupported_media_type")


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_by_other_spellings(alices, media_type):
    assert alices.post(data=b'{"name": "x"}', headers={"Content-Type": media_type}).status_code == 201


def test_a_rotation_needs_no_body(alices):
    assert alices.post(f"{TOKENS}/self/rotate", headers=JSON).status_code == 201


def test_a_body_of_another_type_is_refused_there_too(alices):
    answer = alices.post(f"{TOKENS}/self/rotate", data=b"", headers={"Content-Type": "text/plain"})

    assert code(answer) == "unsupported_media_type"


def test_64_kib_are_taken_and_not_one_byte_more(alices):
    fits = alices.post(data=b" " * (64 * 1024 - 2) + b"{}", headers=JSON)
    over = alices.post(data=b" " * (64 * 1024 - 1) + b"{}", headers=JSON)

    assert (code(fits), over.status_code, code(over)) == ("validation_failed", 413, "too_large")


def test_ac_113_large_and_endless_bodies_are_cut_short(alices):
    started = monotonic()
    large = alices.post(data=b"x" * 10_000_000, headers=JSON)
    endless = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": Endless(), "wsgi.input_terminated": True}
    chunked = alices.post(headers=JSON, environ_overrides=endless)

    assert (code(large), code(chunked)) == ("too_large", "too_large")
    assert monotonic() - started < 1


def test_ac_113_a_length_that_lies_is_refused(alices):
    for terminated in ({}, {"wsgi.input_terminated": True}):
        body = {"CONTENT_LENGTH": "500", "wsgi.input": io.BytesIO(b'{"name": "x"}'), **terminated}
        answer = alices.post(headers=JSON, environ_overrides=body)

        assert (answer.status_code, code(answer)) == (400, "malformed_json")


def test_a_body_of_unknown_length_may_be_64_kib_too(alices):
    for size, status in ((64 * 1024, 201), (64 * 1024 + 1, 413)):
        body = b'{"name": "x"}'.ljust(size)
        unknown = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True}

        assert alices.post(headers=JSON, environ_overrides=unknown).status_code == status


def test_size_comes_before_type_and_scope_before_both(alices, program, cast):
    large = {"data": b"x" * 70_000, "headers": {"Content-Type": "text/plain"}}

    assert code(alices.post(**large)) == "too_large"
    assert code(program(cast.bob, scopes=("account:read",)).post(**large)) == "insufficient_scope"


def test_a_secret_sent_as_a_field_does_not_come_back(alices):
    answer = alices.post(json={alices.secret: alices.secret, "name": [alices.secret]})

    assert answer.status_code == 422
    assert alices.secret not in answer.text


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(["name", "expires_at", "scopes", "overlap_seconds", "user_id"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(fields, values, max_size=4) | values)
def test_no_json_breaks_the_api(alices, body):
    for path in (TOKENS, f"{TOKENS}/999/rotate"):
        answer = alices.post(path, data=json.dumps(body).encode(), headers=JSON)
        assert answer.status_code in {201, 400, 404, 409, 422}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=60))
def test_no_bytes_break_the_api(alices, body):
    assert alices.post(data=body, headers=JSON).status_code in {400, 422}


def test_the_errors_say_what_to_send(alices):
    answer = alices.post(json={"name": 1, "scopes": 2, "more": 3})

    assert errors(answer) == {
        "/name": "Send text.", "/scopes": "Send a list, or null.", "/more": "There is no such field.",
    }  # fmt: skip


class Endless(io.RawIOBase):
    """A body without an end."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        buffer[:] = b" " * len(buffer)
        return len(buffer)
