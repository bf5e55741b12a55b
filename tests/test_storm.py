"""F48: whatever is sent to whatever address, it is refused or answered, and never a fault of ours."""

from itertools import count
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from portal.tokens.models import Kind
from tests.builders import make_account_token, make_token
from tests.conftest import settings_for
from tests.everything import routes
from tests.gateway.questions import new_service

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get")
MEDIA_TYPES = (
    "application/json", "application/json; charset=x", "application/x-www-form-urlencoded", "text/plain", "a", "",
    "multipart/form-data; boundary=x", "multipart/form-data", "multipart/form-data; boundary=\xff",
)  # fmt: skip
HEADERS = (
    "Authorization", "X-Access-Token", "X-Api-Token", "Cookie", "Host", "Referer", "Origin", "Accept", "Range",
    "X-Forwarded-For", "X-Forwarded-Host", "Idempotency-Key", "If-None-Match", "If-Modified-Since", "Accept-Language",
    "Sec-Fetch-Site", "Sec-Fetch-Mode", "Transfer-Encoding", "Expect", "Accept-Encoding",
)  # fmt: skip
FIELDS = (
    "token", "name", "scopes", "expires_at", "expiry", "nonce", "email", "password", "next", "limit", "cursor",
    "status", "overlap_seconds", "overlap", "agree", "enabled", "q", "code", "account", "csrf_token",
)  # fmt: skip

# As the server hands them over: any byte as the character of that number; it takes no control characters in headers.
BYTES = st.text(st.characters(max_codepoint=255), max_size=40)
HEADER_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)
AWKWARD = st.sampled_from(("", "0", "-1", "9" * 30, "\x00", "%00", "٣", "\ud800", "..", "//", "NaN", "1e999", "[]"))
WORDS = st.text(max_size=30) | AWKWARD
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | WORDS, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """What is sent along: headers, a query and a body; the address and the method come on top."""
    fields = st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=30).map(_sendable) | BYTES, max_size=6)
    bodies = st.one_of(
        st.fixed_dictionaries({"data": st.binary(max_size=200), "content_type": st.sampled_from(MEDIA_TYPES)}),
        st.fixed_dictionaries({"json": VALUES}),
        st.fixed_dictionaries({"data": fields}),
        st.just({}),
    )
    pairs = st.lists(st.tuples(st.sampled_from(FIELDS), BYTES).map("=".join), max_size=3)
    parts = {
        # Empty: the method and the path of the place itself.
        "method": st.just("") | st.sampled_from(METHODS),
        "suffix": st.just("") | BYTES,
        "query": BYTES | pairs.map("&".join),
        "headers": st.dictionaries(st.sampled_from(HEADERS), HEADER_VALUES, max_size=3),
        "fields": fields,
        "body": bodies,
    }
    return draw(st.fixed_dictionaries(parts))


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


@pytest.fixture
def app(make_app, database_url, tmp_path):
    """A portal in which one person may have as many tokens as the storm needs."""
    return make_app(settings_for(database_url, tmp_path, tokens_per_user="10000"))


@pytest.fixture
def secret_of(database, cast):
    """Makes secrets by kind: one of Alice's, of her account's, of a service's, or none."""
    lasting = {
        None: None,
        Kind.ACCOUNT: make_account_token(database, cast.alice)[1],
        Kind.SERVICE: new_service(database),
    }
    numbers = count()

    def secret(kind):
        # A new one each time, since the one before may have been revoked on the way.
        return lasting[kind] if kind in lasting else make_token(database, cast.alice, f"Storm {next(numbers)}")[1]

    return secret


def in_turn(places):
    """All places for ever, each time with another kind of token, and a form of the person's every other round."""
    for number in count():
        round_, index = divmod(number, len(places))
        yield places[index], (None, *Kind)[(round_ + index) % 4], round_ % 2 == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_f48_nothing_that_is_sent_makes_a_fault_of_ours(app, cast, browser_of, secret_of):
    turns, reached = in_turn(routes(app)), set()

    @settings(max_examples=200, derandomize=True, phases=[Phase.generate], deadline=None)
    @given(sent=requests())
    def storm(sent):
        # In turn and not drawn, so that each address is met.
        place, kind, is_form = next(turns)
        browser, body = browser_of(cast.alice), dict(sent["body"])
        if is_form:
            body = {"data": {**sent["fields"], "csrf_token": browser.csrf_token()}}
        secret = secret_of(kind)
        answer = browser.client.open(
            "/",
            method=sent["method"] or place.method,
            base_url=browser.base_url,
            headers={**sent["headers"], **({"Authorization": f"Bearer {secret}"} if secret else {})},
            environ_overrides={"PATH_INFO": place.path + sent["suffix"], "QUERY_STRING": sent["query"]},
            buffered=True,
            **body,
        )
        reached.add(answer.status_code)
        assert answer.status_code < 500, (place, sent)

    storm()

    # It met the doors, and got past them.
    assert {200, 303, 400, 401, 403, 404, 405, 422} <= reached


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_f48_a_query_of_raw_bytes_is_read_as_if_they_were_percent_encoded(alice):
    def found(query):
        answer = alice.client.get(
            "/settings/tokens", base_url=alice.base_url, environ_overrides={"QUERY_STRING": query}
        )
        return answer.status_code, answer.text

    assert found("q=\xff\x80") == found("q=%FF%80")
    assert found("q=\xff\x80")[0] == 200
