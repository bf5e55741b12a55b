"""A secret is on one page, once: not after a reload, not by the back button, not in a second tab, not on paper."""

from contextlib import suppress

from playwright.sync_api import Error, expect

from tests.journeys import steps
from tests.served import Client


def test_ac_118_reloading_the_created_page_makes_no_second_token(desk, served, cast):
    steps.sign_in(desk, cast.bob)
    secret = steps.create_token(desk, "Zapier")
    desk.on("dialog", lambda dialog: dialog.accept())

    desk.reload()

    expect(desk.get_by_text("already created, it cannot be shown again")).to_be_visible()
    assert secret not in desk.content()
    desk.goto("/settings/tokens")
    assert desk.get_by_role("link", name="Zapier").count() == 1


def test_the_back_button_does_not_show_the_secret_again(desk, served, cast):
    steps.sign_in(desk, cast.bob)
    secret = steps.create_token(desk, "Zapier")
    desk.get_by_role("link", name="Done, I have stored it").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Personal access tokens")

    # Chromium would rather show an error of its own than keep such a page.
    with suppress(Error):
        desk.go_back()
    expect(desk.get_by_role("heading", name="Personal access tokens")).to_have_count(0)

    assert secret not in desk.content()


def test_two_tabs_make_two_tokens_and_neither_shows_the_others_secret(desk, served, cast):
    steps.sign_in(desk, cast.bob)
    other = desk.context.new_page()

    first = steps.create_token(desk, "First tab")
    second = steps.create_token(other, "Second tab")

    assert first != second
    assert second not in desk.content()
    calls = Client(served.port)
    assert [calls.get("/api/v1/me", token=secret).status for secret in (first, second)] == [200, 200]


def test_the_same_form_in_two_tabs_makes_one_api_access_token(desk, served, cast):
    steps.sign_in(desk, cast.alice)
    desk.goto("/account/api-access")
    desk.get_by_label("Enable API access").check()
    desk.get_by_role("button", name="Update").click()
    other = desk.context.new_page()
    other.goto("/account/api-access")

    desk.get_by_role("button", name="Agree").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Copy your API access token now")
    other.get_by_role("button", name="Agree").click()

    expect(other.get_by_role("heading", level=1)).not_to_have_text("Copy your API access token now")
    assert "acc_" in desk.get_by_label("API access token", exact=True).input_value()


def test_the_copy_buttons_of_a_personal_token_copy_what_they_say(desk, served, cast):
    steps.sign_in(desk, cast.bob)
    secret = steps.create_token(desk, "Zapier")

    desk.get_by_role("button", name="Copy token").click()
    assert steps.clipboard(desk) == secret
    desk.get_by_role("button", name="Copy with Bearer").click()
    assert steps.clipboard(desk) == f"Bearer {secret}"


def test_testing_a_token_on_its_page_says_whom_it_acts_as(desk, served, cast):
    steps.sign_in(desk, cast.bob)
    steps.create_token(desk, "Zapier")

    desk.get_by_role("button", name="Test this token").click()

    expect(desk.get_by_text("200 OK")).to_contain_text("Bob (Acme)")


def test_paper_gets_no_secret(desk, served, cast):
    steps.sign_in(desk, cast.bob)
    steps.create_token(desk, "Zapier")

    desk.emulate_media(media="print")

    expect(desk.get_by_label("Personal access token", exact=True)).to_be_hidden()


def test_ac_073_a_foreign_page_cannot_frame_the_portal(desk, served, cast):
    steps.sign_in(desk, cast.alice)
    foreign = desk.context.new_page()
    foreign.set_content(f"<iframe src='{served.url}/account/api-access'></iframe>")
    foreign.wait_for_timeout(500)

    assert all("Enable API access" not in frame.content() for frame in foreign.frames)
