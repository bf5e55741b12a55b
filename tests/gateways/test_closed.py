"""Whatever happens to the check, nobody gets in without its word."""

import socket

import pytest

from tests.gateways.nginx import Upstreams, nginx
from tests.gateways.recorder import recording

ANY = {"X-Access-Token": "pat_any"}


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 405, 429, 500, 502, 503])
def test_ac_134_an_answer_that_is_none_is_503_and_closed(status, certificate, tmp_path):
    with recording(status, location="/sign-in") as check, recording() as service:
        with nginx(tmp_path, certificate, Upstreams(check=check.port, badges=service.port)) as front:
            reply = front.badges().issue(ANY)

        assert (reply.status, reply.headers["retry-after"]) == (503, "5")
        assert service.asked == []


def test_a_portal_that_is_down_is_503_and_closed(certificate, tmp_path):
    with recording() as service:
        with nginx(tmp_path, certificate, Upstreams(badges=service.port)) as front:
            reply = front.badges().issue(ANY)

        assert (reply.status, service.asked) == (503, [])


def test_a_portal_that_hangs_is_503_and_closed(certificate, tmp_path):
    with recording() as service, socket.create_server(("127.0.0.1", 0)) as silent:
        upstreams = Upstreams(check=silent.getsockname()[1], badges=service.port, patience="300ms")
        with nginx(tmp_path, certificate, upstreams) as front:
            reply = front.badges().issue(ANY)

        assert (reply.status, service.asked) == (503, [])


def test_a_portal_that_comes_back_lets_in_again(certificate, tmp_path):
    with recording() as service:
        upstreams = Upstreams(badges=service.port)
        with nginx(tmp_path, certificate, upstreams) as front:
            assert front.badges().issue(ANY).status == 503
            with recording(204, port=upstreams.check):
                assert front.badges().issue(ANY).status == 200


def test_a_new_location_is_closed_from_the_start(door):
    # Not found, by nginx itself; and below the one that asks for a scope nothing is open either.
    assert door.call("GET", "/").status == 404
    assert door.call("GET", "/v1/badge/").status == 401
    assert door.call("GET", "/v1/badge/../badge/51").status == 401


@pytest.mark.parametrize("path", ["/_portal/any", "/_portal/badges-issue", "//_portal/any", "/v1/../_portal/any"])
def test_the_check_itself_cannot_be_called_from_outside(path, door):
    assert door.call("GET", path).status == 404


def test_v12_2_1_ac_116_in_the_clear_every_call_is_refused_and_never_redirected(front):
    plain = front.plain(front.ports.badges_plain)

    for method, path in (("PUT", "/v1/badge/51/issue"), ("GET", "/"), ("GET", "/elsewhere")):
        reply = plain.call(method, path, ANY)
        assert (reply.status, reply.headers.get("location")) == (403, None)
