"""A cache before the portal, willing to keep whatever it may: nobody is ever shown what another one asked for."""

import re

import pytest

from tests.gateways.nginx import Upstreams, nginx
from tests.gateways.test_portal_behind import sign_in
from tests.served import free_port

CACHE = """
proxy_cache_path {folder}/cache keys_zone=kept:1m;
server {{
    listen 127.0.0.1:{port};
    location / {{
        proxy_pass http://127.0.0.1:{portal};
        proxy_set_header Host $http_host;
        proxy_cache kept;
        proxy_cache_key $request_uri;
        proxy_cache_valid any 10m;
        add_header X-Cache $upstream_cache_status always;
    }}
}}
"""


@pytest.fixture(scope="module")
def cached(portal, certificate, tmp_path_factory):
    """The portal through a cache that keeps everything for ten minutes of which nobody says otherwise."""
    folder, port = tmp_path_factory.mktemp("cache"), free_port()
    more = CACHE.format(folder=folder, port=port, portal=portal.port)
    with nginx(folder, certificate, Upstreams(), more=more) as running:
        yield running.plain(port)


def test_ac_062_no_page_is_kept_for_somebody_else(cached, front, cast):
    alices, bobs = sign_in(front.portal(), cast.alice), sign_in(front.portal(), cast.bob)

    for path in ("/", "/sign-in", "/settings/profile", "/settings/tokens", "/account/api-access", "/nowhere"):
        for cookie in (alices, bobs, "", alices, bobs):
            reply = cached.call("GET", path, {"Cookie": cookie} if cookie else {})
            assert reply.headers["x-cache"] == "MISS", path
            assert reply.headers["cache-control"] == "no-store"
            assert "Cookie" in reply.headers["vary"]
            assert (cast.alice.email.encode() in reply.body) <= (cookie == alices)


def test_ac_062_no_call_is_kept_for_somebody_else(cached, bobs):
    for secret, status in ((bobs[1], 200), ("pat_wrong", 401), (None, 401), (bobs[1], 200)):
        for path in ("/api/v1/me", "/verify"):
            reply = cached.call("GET", path, {"X-Access-Token": secret} if secret else {})
            assert reply.headers["x-cache"] == "MISS"
            assert reply.status == (204 if path == "/verify" and status == 200 else status)


def test_ac_062_files_are_kept_and_set_no_cookie(cached):
    page = cached.call("GET", "/sign-in").body.decode()
    style = re.search(r'href="(/static/[^"]+\.css[^"]*)"', page)
    assert style

    first, again = cached.call("GET", style[1]), cached.call("GET", style[1])

    assert again.body == first.body
    assert "set-cookie" not in first.headers | again.headers
