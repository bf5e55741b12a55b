"""What nginx writes down: who called what, and never a token, wherever somebody put it."""

from urllib.parse import quote

import orjson
import pytest

from tests.gateways.calls import ISSUE, JSON, raw_issue
from tests.gateways.nginx import Upstreams, nginx
from tests.server.running import wait_for


def lines_of(front, name):
    return [orjson.loads(line) for line in (front.folder / name).read_text().splitlines()]


def test_a_line_says_who_called_what_by_the_portals_word(front, bobs, cast, address):
    front.badges(address).issue({"X-Access-Token": bobs[1], "X-Portal-User": "1"})

    def line():
        return next((one for one in lines_of(front, "badges.log") if one["peer"] == address), None)

    found = wait_for(line)
    assert (found["method"], found["path"], found["status"]) == ("PUT", ISSUE, "200")
    assert (found["account"], found["user"]) == (str(cast.bob.account_id), str(cast.bob.id))
    assert found["token"] == str(bobs[0])


SPOTS = ("?api_token={}", "?API_TOKEN={}&api_token={}", "?%61pi_token={}", "?{}", "/{}", "/x{}y")


@pytest.mark.parametrize("is_down", [False, True])
def test_v16_2_5_ac_125_no_log_of_nginx_holds_a_token(is_down, front, bobs, certificate, tmp_path):
    secret = bobs[1]
    if is_down:
        with nginx(tmp_path, certificate, Upstreams()) as running:
            _send_everywhere(running, secret)
            logs = running.logs()
    else:
        _send_everywhere(front, secret)
        logs = front.logs()

    assert "[redacted]" in logs
    assert secret[4:] not in logs
    assert quote(secret).replace("_", "%5F") not in logs
    # Nothing falls into the log of the distribution, which keeps whole addresses.
    assert "GET /" not in logs


def _send_everywhere(front, secret):
    doors = (
        front.portal(),
        front.badges(),
        front.plain(front.ports.portal_plain),
        front.plain(front.ports.badges_plain),
    )
    for door in doors:
        for spot in SPOTS:
            for path in ("/api/v1/me", ISSUE):
                door.call("GET", path + spot.format(secret, secret), {"Referer": f"/?api_token={secret}"})
        door.call("GET", "/api/v1/me", {"User-Agent": secret, "Cookie": secret, "X_Api_Token": secret})
        door.raw(f"GET /?api_token={secret} HTTP/9\r\n\r\n".encode())
        door.raw(f"{secret} / HTTP/1.1\r\n\r\n".encode())
    # Over the limit, too large, and too long: each of which nginx would say in its error log.
    front.badges("127.0.3.1").raw(raw_issue(secret) * 60 + raw_issue(secret, "Connection: close"))
    front.badges().call("PUT", f"{ISSUE}?api_token={secret}", {**JSON, "X-Access-Token": secret}, b"a" * 70_000)
    front.portal().call("GET", f"/api/v1/me?api_token={secret}&more={'a' * 9000}")
