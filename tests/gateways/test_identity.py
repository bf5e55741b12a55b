"""Who calls, on the way from the check to the service: nobody outside can say it, whatever they send."""

import re

import orjson
import pytest

from tests.gateways.calls import raw_issue
from tests.gateways.nginx import Upstreams, nginx
from tests.gateways.recorder import recording

IDENTITY = ("account", "user", "role", "scopes", "token", "token-kind")


def issued_by(answer):
    """Whom the service took the caller for."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), answer
    return orjson.loads(body)["issued_by"]


@pytest.mark.parametrize(
    "spoofed",
    [
        ("X-Portal-User: 1",),
        ("x-portal-user: 1", "X-PORTAL-ACCOUNT: 2"),
        ("X_Portal_User: 1", "X_Portal_Account: 2", "X_Portal_Token: 1"),
        ("X-Portal_User: 1", "X_Portal-User: 1"),
        ("X.Portal.User: 1", "X~Portal~User: 1", "X!Portal-User: 1"),
        ("X-Portal-User: 1", "X-Portal-User: 1"),
        ("X-Portal-User:", "X-Portal-Account:"),
        ("X-Portal-User: 1", "Connection: X-Portal-User"),
    ],
)
def test_ac_098_what_a_caller_says_of_itself_counts_for_nothing(spoofed, door, bobs, cast):
    token_id, secret = bobs

    answer = door.raw(raw_issue(secret, *spoofed, "Connection: close"))

    assert issued_by(answer) == {"account": str(cast.bob.account_id), "user": str(cast.bob.id), "token": str(token_id)}


@pytest.mark.parametrize(
    "spoofed", ["X-Portal-User: 1", "X_Portal_User: 1", "X-Portal-Account: 1\r\nX-Portal-Token: 1"]
)
def test_what_a_caller_says_of_itself_is_no_token(spoofed, door):
    assert door.raw(raw_issue("", spoofed, "Connection: close")).startswith(b"HTTP/1.1 401")


def test_ac_103_what_connection_names_is_not_lost_on_the_way(door, bobs, cast):
    named = "Connection: close, X-Portal-User, X-Portal-Account, X-Access-Token, X-Forwarded-For"

    assert issued_by(door.raw(raw_issue(bobs[1], named)))["user"] == str(cast.bob.id)


@pytest.mark.parametrize("spelling", ["X_Access_Token", "X-Access_Token", "X_Api_Token", "x_access_token"])
def test_ac_098_a_carrier_with_underscores_is_no_credential(spelling, door, bobs):
    alone = door.raw(raw_issue("", f"{spelling}: {bobs[1]}", "Connection: close"))
    beside = door.raw(raw_issue("pat_wrong", f"{spelling}: {bobs[1]}", "Connection: close"))

    assert alone.startswith(b"HTTP/1.1 401")
    assert b': Bearer realm="portal"\r\n' in alone
    assert beside.startswith(b"HTTP/1.1 401")


def test_two_lines_of_authorization_are_refused(door, bobs):
    line = f"Authorization: Bearer {bobs[1]}"

    for twice in ((line, line), (line, "Authorization: Bearer x"), ("Authorization: Basic x", line)):
        assert re.match(rb"HTTP/1.1 40[01]", door.raw(raw_issue("", *twice, "Connection: close")))


def test_of_two_lines_of_another_carrier_none_adds_to_what_the_other_may(door, bobs, new_secret, cast):
    charlies = new_secret(cast.charlie)

    good_first = door.raw(raw_issue(bobs[1], f"X-Access-Token: {charlies}", "Connection: close"))
    bad_first = door.raw(raw_issue("pat_wrong", f"X-Access-Token: {bobs[1]}", "Connection: close"))

    # Older nginx looks at the first line alone, newer ones join both, which is refused.
    assert good_first.startswith(b"HTTP/1.1 401") or issued_by(good_first)["user"] == str(cast.bob.id)
    assert bad_first.startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("line_end", ["\r", "\r\r\n", "\n", "%0d%0a", "\\r\\n"])
def test_a_line_end_in_a_value_makes_no_header(line_end, door, bobs, cast):
    answer = door.raw(raw_issue("", f"X-Access-Token: {bobs[1]}{line_end}X-Portal-User: 1", "Connection: close"))

    assert re.match(rb"HTTP/1.1 40[01]", answer) or issued_by(answer)["user"] == str(cast.bob.id)


def test_a_line_end_in_the_path_makes_no_header(door, bobs):
    path = "/v1/badge/51/issue%0d%0aX-Portal-User:%201"

    assert door.raw(raw_issue(bobs[1], "Connection: close", path=path)).startswith(b"HTTP/1.1 404")


class TestWhatIsSent:
    """A recorder in the place of the check, and one in the place of the service."""

    @pytest.fixture
    def seen(self, certificate, tmp_path):
        answer = {f"x_portal_{name.replace('-', '_')}": f"our-{name}" for name in IDENTITY}
        with recording(204, **answer) as check, recording() as service:
            upstreams = Upstreams(check=check.port, badges=service.port)
            with nginx(tmp_path, certificate, upstreams) as front:
                yield front.badges(), check, service

    @pytest.mark.parametrize("carrier", ["Authorization", "X-Access-Token", "X-Api-Token"])
    def test_the_check_gets_the_token_and_nothing_else(self, carrier, seen):
        door, check, _ = seen

        door.issue({carrier: "a secret", "Cookie": "session=1", "X-Portal-User": "1", "X-Forwarded-For": "203.0.113.7"})

        (asked,) = check.asked
        assert asked.line == "GET /verify?scope=badges:issue HTTP/1.1"
        assert sorted(asked.headers) == sorted(
            [(carrier.lower(), "a secret"), ("host", "localhost"), ("x-forwarded-for", "127.0.0.1")]
        )

    def test_the_check_gets_no_body_however_it_is_sent(self, seen):
        door, check, service = seen
        chunked = (
            b"PUT /v1/badge/51/issue HTTP/1.1\r\nHost: localhost\r\nX-Access-Token: x\r\nTransfer-Encoding: chunked\r\n"
            b"Connection: close\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
        )

        door.raw(chunked)

        assert (check.asked[0].body, check.asked[0].values("transfer-encoding")) == (b"", [])
        assert service.asked[0].body == b"body"

    def test_the_service_gets_the_checks_word_once_and_no_secret(self, seen):
        door, _, service = seen
        spoofed = [f"X-Portal-{name}: spoofed" for name in IDENTITY]
        aliased = [line.replace("-", other) for line in spoofed for other in "_.~!"]

        door.raw(raw_issue("a secret", *spoofed, *aliased, "X-Forwarded-For: 203.0.113.7", "Connection: close"))

        (asked,) = service.asked
        assert {name: asked.values(f"x-portal-{name}") for name in IDENTITY} == {
            name: [f"our-{name}"] for name in IDENTITY
        }
        assert "spoofed" not in str(asked.headers)
        assert "a secret" not in str(asked.headers)
        assert asked.values("x-forwarded-for") == ["127.0.0.1"]

    def test_a_check_that_says_nothing_leaves_nothing_of_the_callers(self, certificate, tmp_path):
        with recording(200) as check, recording() as service:
            with nginx(tmp_path, certificate, Upstreams(check=check.port, badges=service.port)) as front:
                front.badges().issue({"X-Access-Token": "x", "X-Portal-User": "1", "X-Portal-Account": "1"})

            assert [name for name, _ in service.asked[0].headers if name.startswith("x-portal")] == []
