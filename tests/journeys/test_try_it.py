"""Trying a call on its page, in a real browser under the policy: what is seen, and where the token is afterwards."""

import json
import re
import shutil
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from portal.database import Database
from tests.builders import ahead, make_token
from tests.cast import add_cast
from tests.journeys import steps
from tests.served import Client, serve

REFERENCE = "/developers/reference"
# Everything that outlives a page.
KEPT = """async () => JSON.stringify([
  Object.entries(localStorage), Object.entries(sessionStorage), document.cookie, history.state, location.href,
  await caches.keys(), (await indexedDB.databases()).map(({ name }) => name), window.name,
])"""


def open_call(page, operation, token=""):
    """Opens the page of that call, its script started, with the token in its field."""
    page.goto(f"{REFERENCE}/{operation}")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    if token:
        page.get_by_label("Paste a token").fill(token)


def send(page):
    page.get_by_role("button", name="Send").click()
    return page.get_by_role("group", name="The answer")


def requests_of(page, where="/api/"):
    """What the page will send from now on, to addresses with `where` in them."""
    sent = []
    page.on("request", lambda request: sent.append(request) if where in request.url else None)
    return sent


@pytest.fixture
def bobs(rows, cast):
    """A token of Bob's that may do everything."""
    return make_token(rows, cast.bob, "Bob’s own")[1]


def test_a_token_is_pasted_and_the_answer_comes_here(desk, bobs):
    open_call(desk, "getMe", bobs)

    answer = send(desk)

    expect(answer.get_by_role("status")).to_have_text("200 OK")
    expect(answer).to_contain_text("GET /api/v1/me")
    expect(answer).to_contain_text('"name": "Bob"')
    expect(answer).to_contain_text("X-Request-Id")
    expect(answer).to_be_focused()


def test_asvs_14_3_3_the_token_is_nowhere_afterwards(desk, served, cast, bobs):
    steps.sign_in(desk, cast.bob)
    everything = requests_of(desk, "")
    open_call(desk, "getMe", bobs)
    expect(send(desk).get_by_role("status")).to_have_text("200 OK")
    desk.get_by_role("link", name="All calls").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Reference")

    kept = desk.evaluate(KEPT)
    desk.go_back()

    assert bobs not in kept
    assert desk.get_by_label("Paste a token").input_value() == ""
    assert bobs not in desk.content()
    assert bobs not in served.printed()
    assert {urlsplit(request.url).netloc for request in everything} == {urlsplit(served.url).netloc}
    holding = [request for request in everything if bobs in json.dumps([request.url, request.all_headers()])]
    assert [urlsplit(request.url).path for request in holding] == ["/api/v1/me"]
    headers = holding[0].all_headers()
    assert [name for name, value in headers.items() if bobs in value] == ["authorization"]
    assert "cookie" not in headers


def test_a_page_that_comes_back_from_the_browsers_memory_holds_no_token(desk, bobs):
    open_call(desk, "getMe", bobs)
    answer = send(desk)
    expect(answer).to_contain_text('"name": "Bob"')

    desk.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")

    expect(desk.get_by_label("Paste a token")).to_have_value("")
    assert "Bob" not in answer.inner_text()


def test_with_the_word_bearer_in_front_it_is_the_same_token(desk, bobs):
    open_call(desk, "getMe", f"  Bearer {bobs} ")

    expect(send(desk).get_by_role("status")).to_have_text("200 OK")


@pytest.mark.parametrize(("token", "sentence"), [("", "Paste a token first."), ("two words", "This is no token.")])
def test_without_a_token_nothing_is_sent_and_the_field_says_why(token, sentence, desk):
    open_call(desk, "getMe", token)
    sent = requests_of(desk)

    send(desk)

    expect(desk.get_by_text(sentence)).to_be_visible()
    field = desk.get_by_label("Paste a token")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    assert sent == []


def test_a_token_in_the_address_is_not_sent(desk, bobs):
    open_call(desk, "getToken", bobs)
    sent = requests_of(desk)
    desk.get_by_label("id", exact=True).fill(bobs)

    send(desk)

    expect(desk.get_by_text("so it stays out of them")).to_be_visible()
    assert sent == []


def test_a_call_without_a_token_is_tried_without_one_and_a_very_long_answer_is_cut(desk):
    open_call(desk, "getOpenapi")

    answer = send(desk)

    expect(answer.get_by_role("status")).to_have_text("200 OK")
    expect(answer).to_contain_text("cut off here")


def test_a_refusal_says_why_and_leads_to_what_to_do(desk):
    open_call(desk, "getMe", "pat_wrong")

    answer = send(desk)

    expect(answer.get_by_role("status")).to_have_text("401 Unauthorized")
    answer.get_by_role("link", name="What this error means").click()
    expect(desk).to_have_url(re.compile("/developers/errors#token_malformed$"))


def test_a_network_that_is_gone_is_no_answer(desk, bobs):
    open_call(desk, "getMe", bobs)
    desk.context.set_offline(True)

    answer = send(desk)

    expect(answer.get_by_role("status")).to_have_text("No answer")
    expect(answer).to_contain_text("Check your connection. Then send it again.")


def test_parameters_go_where_they_belong(desk, bobs):
    open_call(desk, "listTokens", bobs)
    desk.get_by_label("status").select_option("all")
    desk.get_by_label("limit").fill("1")

    answer = send(desk)

    expect(answer).to_contain_text("GET /api/v1/tokens?status=all&limit=1")
    expect(answer).to_contain_text('"name": "Bob’s own"')


def test_a_new_token_is_shown_once_apart_from_the_answer(desk, served, bobs):
    open_call(desk, "createToken", bobs)
    desk.get_by_role("textbox", name="Body").fill('{"name": "Made here"}')

    answer = send(desk)

    expect(answer.get_by_role("status")).to_have_text("201 Created")
    secret = desk.get_by_label("The new token").input_value()
    desk.get_by_role("button", name="Copy token").click()
    assert steps.clipboard(desk) == secret
    assert secret not in answer.inner_text()
    assert f"{secret[:12]}…" in answer.inner_text()
    assert Client(served.port).get("/api/v1/me", token=secret).status == 200
    desk.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert secret not in desk.content()
    expect(desk.get_by_text("no longer on this page")).to_be_visible()


def test_a_second_call_does_not_take_away_the_first_ones_secret(desk, bobs):
    open_call(desk, "createToken", bobs)
    for name in ("First", "Second"):
        desk.get_by_role("textbox", name="Body").fill(f'{{"name": "{name}"}}')
        expect(send(desk)).to_contain_text(f'"name": "{name}"')

    expect(desk.get_by_label("The new token")).to_have_count(2)


def test_what_ends_a_token_really_ends_it(desk, served, bobs):
    open_call(desk, "revokeSelf", bobs)

    expect(desk.get_by_text("This really happens")).to_be_visible()
    expect(send(desk).get_by_role("status")).to_have_text("204 No Content")

    assert Client(served.port).get("/api/v1/me", token=bobs).status == 401


def test_the_keyboard_is_enough(desk, bobs):
    desk.goto(f"{REFERENCE}/getMe")
    steps.tab_to(desk, "Paste a token")
    desk.keyboard.type(bobs)

    desk.keyboard.press("Enter")

    expect(desk.get_by_role("group", name="The answer")).to_be_focused()
    expect(desk.get_by_role("status").get_by_text("200 OK")).to_be_visible()


def test_a_phone_is_enough(phone, rows, cast):
    _, secret = make_token(rows, cast.bob, expires_at=ahead(days=1))
    open_call(phone, "getMe", secret)

    answer = send(phone)

    expect(answer).to_contain_text("X-Token-Expires-At")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_script_the_samples_are_what_one_has(plain):
    plain.goto(f"{REFERENCE}/getMe")

    expect(plain.get_by_text("Trying it from this page needs a script.")).to_be_visible()
    expect(plain.get_by_role("button", name="Send")).to_be_hidden()
    expect(plain.get_by_text("import requests")).to_be_visible()


def test_too_many_calls_are_told_with_how_long_to_wait(open_context, sqlite_template, tmp_path):
    path = tmp_path / "limited.db"
    shutil.copy(sqlite_template, path)
    rows = Database(f"sqlite:///{path}")
    _, secret = make_token(rows, rows.transaction(add_cast).bob)
    rows.close()
    with serve(f"sqlite:///{path}", tmp_path, limits="token=1/900s") as served:
        desk = open_context(base_url=served.url).new_page()
        open_call(desk, "getMe", secret)
        expect(send(desk).get_by_role("status")).to_have_text("200 OK")

        answer = send(desk)

        expect(answer.get_by_role("status")).to_have_text("429 Too Many Requests")
        expect(answer).to_contain_text("seconds, then send it again.")
