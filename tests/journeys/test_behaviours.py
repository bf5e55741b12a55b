"""What the small scripts add to pages that are whole without them."""

import re

import pytest
from playwright.sync_api import expect

from tests.builders import ago, ahead, make_token
from tests.journeys import steps


def test_the_avatar_menu_closes_on_escape_and_gives_the_focus_back(desk, cast):
    steps.sign_in(desk, cast.alice)
    steps.open_menu(desk)

    desk.keyboard.press("Escape")

    expect(desk.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(desk.locator("summary", has_text="Your menu")).to_be_focused()


def test_the_avatar_menu_closes_when_one_clicks_elsewhere(desk, cast):
    steps.sign_in(desk, cast.alice)
    steps.open_menu(desk)

    desk.get_by_role("heading", level=1).click()

    expect(desk.get_by_role("button", name="Sign out")).to_be_hidden()


def test_the_navigation_is_open_on_a_desk_without_script(plain, cast):
    steps.sign_in(plain, cast.alice)

    expect(plain.get_by_role("navigation", name="Settings").get_by_role("link", name="Profile")).to_be_visible()


def test_the_navigation_is_closed_on_a_phone_until_it_is_asked_for(phone, cast):
    steps.sign_in(phone, cast.alice)
    link = phone.get_by_role("navigation", name="Settings").get_by_role("link", name="Profile")
    expect(link).to_be_hidden()

    phone.locator("nav summary").click()

    expect(link).to_be_visible()


def test_samples_are_tabs_that_arrow_keys_move_through(desk, cast):
    steps.sign_in(desk, cast.bob)
    steps.create_token(desk, "Zapier")
    desk.get_by_role("tab", name="curl").focus()

    desk.keyboard.press("ArrowRight")

    expect(desk.get_by_role("tab", name="Python")).to_be_focused()
    expect(desk.get_by_role("tabpanel")).to_have_count(1)
    expect(desk.get_by_role("tabpanel")).to_contain_text("import requests")


def test_the_language_of_the_samples_is_remembered_for_the_next_token(desk, cast):
    steps.sign_in(desk, cast.bob)
    steps.create_token(desk, "Zapier")
    desk.get_by_role("tab", name="JavaScript").click()
    desk.get_by_role("link", name="Done, I have stored it").click()

    steps.create_token(desk, "Moodle")

    expect(desk.get_by_role("tab", name="JavaScript")).to_have_attribute("aria-selected", "true")
    expect(desk.get_by_role("tabpanel")).to_contain_text("await fetch")


def test_where_the_browser_keeps_nothing_samples_are_tabs_all_the_same(desk, cast):
    desk.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })")
    steps.sign_in(desk, cast.bob)
    steps.create_token(desk, "Zapier")

    desk.get_by_role("tab", name="Python").click()

    expect(desk.get_by_role("tabpanel")).to_contain_text("import requests")


def test_without_script_every_sample_can_be_read(plain, cast):
    steps.sign_in(plain, cast.bob)
    steps.create_token(plain, "Zapier")

    for language in ("curl", "Python", "JavaScript", ".env"):
        expect(plain.get_by_role("heading", name=language, exact=True)).to_be_visible()


@pytest.fixture
def listed(desk, rows, cast):
    """Bob's list of three tokens."""
    for name in ("Zapier: badge issuing", "Moodle plugin", "ZAPIER, old"):
        make_token(rows, cast.bob, name)
    steps.sign_in(desk, cast.bob)
    return desk


def test_the_list_is_filtered_as_one_types(listed):
    listed.get_by_label("Search by name").press_sequentially("zap")

    expect(listed.get_by_role("row").filter(has=listed.get_by_role("link"))).to_have_count(2)
    expect(listed.get_by_role("status").filter(has_text="on this page")).to_have_text("2 of 3 on this page.")


def test_what_is_typed_away_comes_back(listed):
    field = listed.get_by_label("Search by name")
    field.fill("nobody has this")
    expect(listed.get_by_text("None of the 3 on this page. Press Search to look through all of them.")).to_be_visible()

    field.clear()

    expect(listed.get_by_role("row").filter(has=listed.get_by_role("link"))).to_have_count(3)


def test_the_search_itself_goes_on_working_with_and_without_script(listed, plain, cast):
    steps.sign_in(plain, cast.bob)
    for page in (listed, plain):
        page.get_by_label("Search by name").fill("moodle")
        page.get_by_role("button", name="Search").click()

        expect(page).to_have_url(re.compile("q=moodle"))
        expect(page.get_by_role("row").filter(has=page.get_by_role("link"))).to_have_count(1)


def test_where_nobody_may_copy_the_text_is_selected(open_context, served, cast):
    page = open_context(base_url=served.url).new_page()
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))")
    steps.sign_in(page, cast.bob)
    secret = steps.create_token(page, "Zapier")

    page.get_by_role("button", name="Copy with Bearer").click()

    expect(page.get_by_text("press Ctrl+C")).to_be_visible()
    assert page.evaluate("getSelection().toString()") == f"Bearer {secret}"


def test_leaving_the_page_of_a_secret_unsaved_asks_first(desk, cast):
    asked = []
    desk.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    steps.sign_in(desk, cast.bob)
    steps.create_token(desk, "Zapier")
    desk.get_by_role("heading", level=1).click()

    desk.get_by_role("link", name="Profile").click()

    expect(desk).to_have_url(re.compile("/settings/profile"))
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("button", ["Copy token", "Copy sample"])
def test_leaving_after_copying_asks_nothing(desk, cast, button):
    asked = []
    desk.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    steps.sign_in(desk, cast.bob)
    steps.create_token(desk, "Zapier")
    desk.get_by_role("button", name=button).click()
    expect(desk.get_by_role("button", name="Copied")).to_be_visible()

    desk.get_by_role("link", name="Profile").click()

    expect(desk).to_have_url(re.compile("/settings/profile"))
    assert asked == []


def test_a_page_that_was_left_holds_no_secret(desk, cast):
    steps.sign_in(desk, cast.bob)
    secret = steps.create_token(desk, "Zapier")

    desk.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")

    assert secret not in desk.content()
    expect(desk.get_by_text("is no longer on this page")).to_be_visible()


def test_a_revoked_token_says_so_when_it_is_tested(desk, served, cast):
    steps.sign_in(desk, cast.bob)
    steps.create_token(desk, "Zapier")
    other = desk.context.new_page()
    other.goto("/settings/tokens")
    other.get_by_role("link", name="Zapier").click()
    other.get_by_role("link", name="Revoke").click()
    other.get_by_role("button", name="Revoke “Zapier”").click()
    expect(other).to_have_url(re.compile("/settings/tokens$"))

    desk.get_by_role("button", name="Test this token").click()

    expect(desk.locator("[data-test-result]")).to_contain_text("401: ")


def test_after_an_error_the_summary_has_the_focus(desk, cast):
    steps.sign_in(desk, cast.bob)
    desk.goto("/settings/tokens/new")

    desk.get_by_role("button", name="Create token").click()

    expect(desk.get_by_role("alert")).to_be_focused()


PRESS_TWICE = """button => {
  const refused = [];
  addEventListener("submit", event => refused.push(event.defaultPrevented));
  button.click();
  button.click();
  return [refused, button.getAttribute("aria-busy")];
}"""


def test_an_impatient_second_press_sends_nothing(desk, cast):
    steps.sign_in(desk, cast.bob)
    desk.goto("/settings/tokens/new")
    desk.get_by_label("Name").fill("Zapier")

    refused, is_busy = desk.get_by_role("button", name="Create token").evaluate(PRESS_TWICE)

    assert refused == [False, True]
    assert is_busy == "true"
    expect(desk.get_by_role("heading", level=1)).to_have_text("Copy your personal access token now")


def test_relative_times_stay_true_while_a_page_is_open(desk, rows, cast):
    make_token(rows, cast.bob, expires_at=ahead(days=3), now=ago(minutes=3))
    desk.clock.install()
    steps.sign_in(desk, cast.bob)
    desk.goto("/settings/activity")
    line = desk.get_by_role("listitem").filter(has_text="Zapier").locator("time")
    expect(line).to_have_text("3 minutes ago")

    desk.clock.fast_forward("05:00")

    expect(line).to_have_text("8 minutes ago")
