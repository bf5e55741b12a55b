"""The portal itself behind nginx: pages, calls, whose address is believed, and what comes in the clear."""

import re
from itertools import count
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from portal.audit import AuditEvent
from tests.gateways.calls import JSON
from tests.gateways.nginx import Upstreams, nginx
from tests.served import Reply

FORM = "application/x-www-form-urlencoded"
NAMES = (f"Renamed {number}" for number in count())


def sign_in(door, person):
    """Signs in by the real page; the cookie of the session."""
    page = door.call("GET", "/sign-in")
    fields = {**page.hidden(), "email": person.email, "password": person.password}
    headers = {"Content-Type": FORM, "Referer": f"{door.url}/sign-in", "Cookie": cookie_of(page)}
    reply = door.call("POST", "/sign-in", headers, urlencode(fields).encode())
    assert reply.status == 303, reply
    return cookie_of(reply)


def cookie_of(reply: Reply) -> str:
    return reply.headers.get("set-cookie", "").partition(";")[0]


def test_a_person_signs_in_through_nginx(front, cast, address):
    door = front.portal(address)

    cookie = sign_in(door, cast.bob)
    page = door.call("GET", "/settings/tokens", {"Cookie": cookie})

    assert cookie.startswith("__Host-session=")
    assert (page.status, page.headers["cache-control"]) == (200, "no-store")


def test_a_program_calls_the_api_through_nginx(front, bobs, cast):
    reply = front.portal().call("GET", "/api/v1/me", {"Authorization": f"Bearer {bobs[1]}"})

    assert (reply.status, reply.json["user"]["email"]) == (200, cast.bob.email)
    assert reply.headers["vary"] == "Authorization, X-Access-Token, X-Api-Token"
    # Said once: nginx adds only what is not there.
    assert (reply.headers["cache-control"], reply.headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_a_body_over_64_kib_is_refused_in_the_callers_format(front, bobs):
    headers = {"Authorization": f"Bearer {bobs[1]}", **JSON}

    reply = front.portal().call("POST", "/api/v1/tokens", headers, b'{"name": "' + b"a" * 70_000 + b'"}')

    assert (reply.status, reply.json["code"]) == (413, "too_large")


def test_pages_are_not_compressed_and_files_are(front):
    door, wanted = front.portal(), {"Accept-Encoding": "gzip"}
    page = door.call("GET", "/sign-in", wanted)
    style = re.search(r'href="(/static/[^"]+\.css[^"]*)"', page.body.decode())
    assert style

    assert "content-encoding" not in page.headers
    assert door.call("GET", style[1], wanted).headers["content-encoding"] == "gzip"


def test_a_foreign_host_is_refused_behind_nginx_too(front):
    answer = front.portal().raw(b"GET /sign-in HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("path", ["/verify", "/verify/x", "/verify?scope=badges:issue", "//verify", "/%76erify"])
def test_the_check_is_for_gateways_on_the_inside(front, bobs, path):
    assert front.portal().call("GET", path, {"X-Access-Token": bobs[1]}).status == 404


class TestAddress:
    """The address that the security log keeps."""

    @pytest.fixture
    def logged_address(self, front, address, rows, new_secret, cast):
        """Renames a token with these headers; the address that was recorded, and the one that it came from."""
        secret = new_secret(cast.adam)

        def rename(*headers: str):
            name = next(NAMES)
            body = f'{{"name": "{name}"}}'
            lines = [
                "PATCH /api/v1/tokens/self HTTP/1.1",
                "Host: localhost",
                f"Authorization: Bearer {secret}",
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
                *headers,
                "",
                body,
            ]
            answer = front.portal(address).raw("\r\n".join(lines).encode())
            assert answer.startswith(b"HTTP/1.1 200"), answer
            with rows.reading() as session:
                recorded = select(AuditEvent.address).order_by(AuditEvent.id.desc()).limit(1)
                return session.scalars(recorded).one(), address

        return rename

    def test_ac_101_is_the_callers_whatever_they_say_of_it(self, logged_address):
        claimed = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP", "X_Forwarded_For")

        found, real = logged_address(*(f"{name}: 203.0.113.7" for name in claimed), "Connection: close")

        assert found == real

    def test_ac_103_survives_a_connection_header_that_names_it(self, logged_address):
        found, real = logged_address("Connection: close, X-Real-IP, X-Forwarded-For", "X-Forwarded-For: 203.0.113.7")

        assert found == real


CALLS = (
    *("/api/v1/me", "/api", "/API/../api/v1/me", "//api/v1/me", "/%61pi/v1/me", "/api-tokens", "/api-tokens/3"),
    *("/advanced/v1/personal_access_token/", "/introspect", "/revoke", "/verify", "/metrics", "/ws/events"),
)


@pytest.mark.parametrize("path", CALLS)
def test_v12_2_1_ac_116_in_the_clear_a_call_is_refused_and_never_redirected(front, bobs, path):
    plain = front.plain(front.ports.portal_plain)

    reply = plain.call("GET", path, {"Authorization": f"Bearer {bobs[1]}"})

    assert (reply.status, reply.headers.get("location")) == (403, None)


def test_in_the_clear_a_page_is_sent_to_https(front):
    reply = front.plain(front.ports.portal_plain).call("GET", "/sign-in?next=/settings")

    assert (reply.status, reply.headers["location"]) == (301, "https://localhost/sign-in?next=/settings")


@pytest.mark.parametrize(
    "lines",
    [
        b"Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"Content-Length: 4\r\nContent-Length: 5\r\n",
        b"Content-Length: 4, 5\r\n",
        b"Content-Length: -1\r\n",
        b"X-Nul: a\0b\r\n",
    ],
)
def test_ac_104_a_request_of_two_meanings_is_refused_by_nginx(front, lines):
    hidden = b"GET /hidden HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    for door, path in ((front.portal(), b"/sign-in"), (front.badges(), b"/v1/badge/51/issue")):
        answer = door.raw(b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + lines + b"\r\n0\r\n\r\n" + hidden)

        assert re.match(rb"HTTP/1.1 (400|501)", answer)
        assert answer.count(b"HTTP/1.1 ") == 1
    assert "hidden" not in front.logs()


def test_ac_104_lines_that_end_with_a_line_feed_alone_mean_one_thing_to_both(front, portal):
    request = b"POST /sign-in HTTP/1.1\nHost: localhost\nContent-Length: 44\nConnection: close\n\n"

    answer = front.portal().raw(request + b"GET /concealed HTTP/1.1\r\nHost: localhost\r\n\r\n\r\n")

    assert answer.count(b"HTTP/1.1 ") == 1
    assert "concealed" not in front.logs()
    assert "/concealed" not in {line["path"] for line in portal.requests()}


def test_a_portal_that_is_down_is_said_by_nginx_without_being_kept(certificate, tmp_path):
    with nginx(tmp_path, certificate, Upstreams()) as running:
        reply = running.portal().call("GET", "/sign-in")

    assert (reply.status, reply.headers["cache-control"]) == (502, "no-store")
    assert reply.headers["x-content-type-options"] == "nosniff"
