"""Who may listen, and by what: exactly one secret, said in one of three ways."""

from contextlib import ExitStack
from urllib.parse import quote

import pytest
from sqlalchemy import select

from portal.audit import Action, AuditEvent
from portal.events import sockets
from portal.tokens.models import Token
from tests.builders import ago, make_account_token, make_token
from tests.conftest import settings_for
from tests.events.conftest import streaming
from tests.events.listening import PATH
from tests.gateway.questions import new_service

# What is written and read there is tried on both kinds in `test_pushing`.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

READY = {"type": "ready"}


def test_the_secret_may_stand_in_the_address(stream, bobs):
    with stream.open(f"{PATH}?api_token={bobs}") as socket:
        assert socket.next() == READY


def test_the_secret_may_stand_beside_the_subprotocol_bearer_which_is_echoed(stream, bobs):
    with stream.open(subprotocols=["bearer", bobs]) as socket:
        assert socket.next() == READY
        assert socket.connection.subprotocol == "bearer"


def test_the_secret_may_be_the_first_message(stream, bobs):
    with stream.open() as socket:
        socket.say({"type": "auth", "api_token": bobs})

        assert socket.next() == READY


def test_the_account_token_may_listen(stream, database, cast):
    _, secret = make_account_token(database, cast.alice)

    with stream.listen(secret):
        pass


def test_ac_127_cookies_are_not_read_and_any_origin_may_connect(stream, bobs):
    for origin in ("https://evil.example", "null", "https://sub.localhost"):
        with stream.listen(bobs, origin=origin):
            pass
        with stream.open(origin=origin, additional_headers={"Cookie": f"session={bobs}; api_token={bobs}"}) as socket:
            assert socket.hears_nothing(seconds=0.2)


def test_the_headers_of_the_api_are_no_credential_here(stream, bobs):
    with stream.open(additional_headers={"Authorization": f"Bearer {bobs}", "X-Api-Token": bobs}) as socket:
        assert socket.hears_nothing(seconds=0.2)


@pytest.mark.parametrize(
    "query", ["api_token={0}&api_token={0}", "api_token={0}&%61pi_token=x", "api_token=&api_token={0}"]
)
def test_ac_125_two_secrets_in_the_address_are_one_too_many(stream, bobs, query):
    with stream.open(f"{PATH}?{query.format(bobs)}") as socket:
        assert socket.end() == (4400, "ambiguous_credentials")


def test_two_ways_at_once_are_one_too_many(stream, bobs):
    with stream.open(f"{PATH}?api_token={bobs}", subprotocols=["bearer", bobs]) as socket:
        assert socket.end() == (4400, "ambiguous_credentials")
    with stream.open(subprotocols=["bearer", bobs, "other"]) as socket:
        assert socket.end() == (4400, "ambiguous_credentials")


def test_saying_who_one_is_again_is_refused(stream, bobs):
    with stream.listen(bobs) as socket:
        socket.say({"type": "auth", "api_token": bobs})

        assert socket.end() == (4400, "validation_failed")


def test_whoever_stays_silent_is_closed(stream, monkeypatch):
    monkeypatch.setattr(sockets, "SILENT_SECONDS", 0.3)

    with stream.open() as socket:
        assert socket.end(seconds=2) == (4401, "token_missing")


@pytest.mark.parametrize(
    ("secret", "reason"),
    [("", "token_malformed"), ("Bearer x", "token_malformed"), ("pat_" + "0" * 43, "token_malformed")],
)
def test_what_is_no_token_is_refused(stream, secret, reason):
    with stream.open(f"{PATH}?api_token={quote(secret)}") as socket:
        assert socket.end() == (4401, reason)
    with stream.open() as socket:
        socket.say({"type": "auth", "api_token": secret})
        assert socket.end() == (4401, reason)


def test_a_dead_token_is_refused_and_the_log_of_its_account_says_so(settings, database, cast):
    token_id, secret = make_token(database, cast.bob, expires_at=ago(hours=1))

    with streaming(settings) as stream, stream.open(f"{PATH}?api_token={secret}") as socket:
        assert socket.end() == (4401, "token_expired")

    with database.reading() as session:
        noted = session.scalars(select(AuditEvent).where(AuditEvent.action == Action.CALL_REFUSED)).one()
    assert (noted.token_id, noted.detail, noted.address) == (token_id, "token_expired", "127.0.0.1")


def test_listening_is_a_use_of_the_token_from_where_the_listener_is(database_url, database, cast, tmp_path):
    token_id, secret = make_token(database, cast.bob)
    settings = settings_for(database_url, tmp_path, trusted_proxies="127.0.0.1/32")

    forwarded = {"X-Forwarded-For": "10.9.8.7, 198.51.100.7"}
    with streaming(settings) as stream, stream.listen(secret, additional_headers=forwarded):
        pass

    with database.reading() as session:
        token = session.get_one(Token, token_id)
    assert token.last_used_at is not None
    assert token.last_used_from == "198.51.100.7"


def test_a_token_without_the_scope_is_not_allowed(stream, database, cast):
    _, secret = make_token(database, cast.bob, scopes=("tokens:read",))

    with stream.open(f"{PATH}?api_token={secret}") as socket:
        assert socket.end() == (4403, "insufficient_scope")


def test_a_service_token_is_not_allowed(stream, database):
    with stream.open(f"{PATH}?api_token={new_service(database)}") as socket:
        assert socket.end() == (4403, "forbidden")


def test_no_token_has_more_than_ten_sockets(stream, bobs, alices):
    with ExitStack() as held:
        for _ in range(10):
            held.enter_context(stream.listen(bobs))
        with stream.open(f"{PATH}?api_token={bobs}") as socket:
            assert socket.end() == (4429, "too_many_sockets")
        with stream.listen(alices):
            pass
    with stream.listen(bobs):
        pass


def test_f23_there_are_no_more_sockets_than_set(database_url, tmp_path, bobs, alices):
    settings = settings_for(database_url, tmp_path, events_sockets="10")

    with streaming(settings) as stream, ExitStack() as held:
        for number in range(10):
            held.enter_context(stream.listen(bobs if number % 2 else alices))
        with stream.open(f"{PATH}?api_token={bobs}") as socket:
            assert socket.end() == (4429, "too_many_sockets")


def test_a_token_comes_again_only_so_often(database_url, tmp_path, bobs):
    with streaming(settings_for(database_url, tmp_path, limits="token=2/900s")) as stream:
        for _ in range(2):
            with stream.listen(bobs):
                pass
        with stream.open(f"{PATH}?api_token={bobs}") as socket:
            assert socket.end() == (4429, "rate_limited")


def test_strangers_are_counted_by_their_address_and_good_tokens_are_not_refused_for_it(database_url, tmp_path, bobs):
    with streaming(settings_for(database_url, tmp_path, limits="address=2/900s")) as stream:
        ends = []
        for _ in range(3):
            with stream.open(f"{PATH}?api_token=x") as socket:
                ends.append(socket.end()[0])

        assert ends == [4401, 4401, 4429]
        with stream.listen(bobs):
            pass
