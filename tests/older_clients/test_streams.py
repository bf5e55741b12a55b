"""Sockets that were written for an older system: the token in the address, or in the first message."""

import pytest

from portal.tokens.secret import make_secret
from tests.older_clients.typed import run

each_kind = pytest.mark.parametrize("kind", ["py", "mjs"])


@each_kind
def test_ac_125_a_socket_with_the_token_in_its_address_hears_what_happens(kind, place, bobs, front, events):
    _, secret = bobs

    assert run(f"socket_in_address.{kind}", place, secret) == "ready\nevent\ntoken.created\n"
    assert secret not in front.logs() + events.out + events.err


@each_kind
def test_a_socket_with_the_token_in_its_first_message_is_let_in(kind, place, bobs):
    assert run(f"socket_by_message.{kind}", place, bobs[1]) == "ready\n"


@each_kind
def test_a_socket_with_an_unknown_token_is_closed_with_the_reason(kind, place):
    assert run(f"socket_by_message.{kind}", place, make_secret("pat").reveal()) == "4401\n"
