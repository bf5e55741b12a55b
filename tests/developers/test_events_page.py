"""`/developers/events`: address, ways to authenticate, messages and close codes are those of the stream."""

import json

import pytest

from portal.activity.service import EventJson
from portal.events.closing import Code
from portal.events.listeners import MOST_PER_TOKEN
from portal.events.poller import SLOW_SECONDS
from portal.events.sockets import SILENT_SECONDS
from tests.developers.reading import code_after, facts, sample
from tests.served import ROOT

PATH = "/developers/events"
TOO_LARGE = 1009  # The library's own answer.


def test_the_address_is_the_one_in_the_settings(house_with):
    page = house_with(events_url="wss://events.example/ws/events").stranger.get(PATH)

    assert "wss://events.example/ws/events" in page.main
    assert "ws://localhost" not in page.main


def test_every_close_code_is_explained(stranger):
    assert set(facts(stranger.get(PATH), "closing")) == {str(code.value) for code in Code} | {str(TOO_LARGE)}


def test_each_way_to_send_the_token_is_shown(stranger):
    told = facts(stranger.get(PATH), "authenticate")

    assert '{"type":"auth","api_token":"YOUR_TOKEN"}' in told["First message"][0]
    assert "bearer, YOUR_TOKEN" in told["Subprotocol"][0]
    assert "ws://localhost:8001/ws/events?api_token=YOUR_TOKEN" in told["Address"][0]


def test_the_message_is_the_one_that_comes(stranger):
    (shown,) = (json.loads(text) for text in code_after(stranger.get(PATH), "messages"))

    assert shown["type"] == "event"
    assert set(shown["event"]) == set(EventJson.__annotations__)


def test_the_numbers_are_those_of_the_stream(stranger):
    told = facts(stranger.get(PATH), "closing")

    assert f"nothing for {SLOW_SECONDS:.0f} seconds" in told["1008"][0]
    assert f"within {SILENT_SECONDS:.0f} seconds" in told["4401"][0]
    assert f"More than {MOST_PER_TOKEN} connections" in told["4429"][0]


@pytest.mark.parametrize(("language", "file"), [("Python", "listen.py"), ("JavaScript", "listen.mjs")])
def test_the_programs_are_the_ones_in_the_examples(language, file, stranger):
    assert sample(stranger.get(PATH), language) == (ROOT / "examples" / "events" / file).read_text()


def test_the_programs_are_told_the_addresses_of_this_portal(house_with):
    page = (
        house_with(public_url="https://portal.example").app.test_client().get(PATH, base_url="https://portal.example")
    )

    told = "PORTAL_URL=https://portal.example PORTAL_EVENTS_URL=wss://portal.example/ws/events PORTAL_TOKEN=YOUR_TOKEN"
    assert f"export {told}" in page.text
