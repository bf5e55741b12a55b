"""The event stream through nginx, at the same host as the pages."""

import ssl
from contextlib import ExitStack, contextmanager

import orjson
import pytest
from sqlalchemy import select
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from portal.tokens.models import Token
from tests.server.running import wait_for

READY = {"type": "ready"}


@contextmanager
def listening(front, query="", **how):
    trust = ssl.create_default_context(cafile=str(front.certificate.authority))
    url = f"wss://localhost:{front.ports.portal}/ws/events{query}"
    with connect(url, ssl=trust, compression=None, proxy=None, **how) as connection:
        yield connection


def heard(connection):
    return orjson.loads(connection.recv(timeout=10))


def test_all_three_ways_of_saying_who_one_is_come_through(front, bobs):
    with listening(front, f"?api_token={bobs[1]}") as connection:
        assert heard(connection) == READY
    with listening(front, subprotocols=["bearer", bobs[1]]) as connection:
        assert (heard(connection), connection.subprotocol) == (READY, "bearer")
    with listening(front) as connection:
        connection.send(orjson.dumps({"type": "auth", "api_token": bobs[1]}).decode())
        assert heard(connection) == READY


def test_what_happens_by_the_api_is_heard_and_a_revoke_ends_it(front, cast, new_secret):
    door, secret = front.portal(), new_secret(cast.bob)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    with listening(front, f"?api_token={secret}") as connection:
        assert heard(connection) == READY
        made = door.call("POST", "/api/v1/tokens", headers, b'{"name": "Heard through nginx"}').json
        event = heard(connection)["event"]
        assert door.call("DELETE", "/api/v1/tokens/self", headers).status == 204

        with pytest.raises(ConnectionClosed) as closed:
            connection.recv(timeout=2)
    assert (event["action"], event["token"]["id"]) == ("token.created", made["id"])
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4401, "token_revoked")


def test_the_address_of_the_listener_is_what_nginx_says(front, rows, cast, new_secret, address):
    secret = new_secret(cast.bob)
    forged = {"X-Forwarded-For": "203.0.113.9"}
    with listening(front, f"?api_token={secret}", source_address=(address, 0), additional_headers=forged) as connection:
        assert heard(connection) == READY

    def used_from():
        with rows.reading() as session:
            return address in session.scalars(select(Token.last_used_from).where(Token.user_id == cast.bob.id)).all()

    assert wait_for(used_from)


def test_a_plain_request_and_other_paths_get_no_socket(front, bobs):
    assert front.portal().call("GET", f"/ws/events?api_token={bobs[1]}").status == 426
    with pytest.raises(InvalidStatus) as refused, listening(front, f"/more?api_token={bobs[1]}"):
        pass
    assert refused.value.response.status_code == 404


def test_one_address_alone_cannot_take_all_the_places(front, address):
    silent = {"source_address": (address, 0)}
    with ExitStack() as crowd:
        for _ in range(50):
            crowd.enter_context(listening(front, **silent))

        with pytest.raises(InvalidStatus) as refused, listening(front, **silent):
            pass

        with listening(front, source_address=("127.0.0.1", 0)):
            pass
    assert refused.value.response.status_code == 429


def test_ac_125_neither_log_holds_the_token(front, events, bobs):
    secret = bobs[1]
    for query in (f"?api_token={secret}", f"?api_token={secret}&api_token={secret}", f"?API_TOKEN={secret}x&x=1"):
        with listening(front, query, subprotocols=["bearer"]) as connection, pytest.raises(ConnectionClosed):
            connection.recv(timeout=10)
            connection.send("goodbye")
            connection.recv(timeout=10)

    wait_for(lambda: front.logs().count('"path":"/ws/events"') >= 3)
    assert "[redacted]" in events.out
    assert secret[4:] not in front.logs() + events.out + events.err
