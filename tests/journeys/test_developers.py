"""The pages for developers in a real browser: found from the menu, read on a phone, copied from."""

from playwright.sync_api import expect

from tests.journeys import steps


def test_the_menu_leads_there_and_back(desk, cast):
    steps.sign_in(desk, cast.bob)
    steps.open_menu(desk)
    desk.get_by_role("link", name="Developers").click()

    expect(desk.get_by_role("heading", level=1)).to_have_text("Getting started")
    desk.get_by_role("main").get_by_role("link", name="Create token").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Create a personal access token")


def test_on_a_phone_the_pages_are_behind_a_menu(phone, cast):
    phone.goto("/developers/tools")
    link = phone.get_by_role("navigation", name="Developers").get_by_role("link", name="Limits")
    expect(link).to_be_hidden()

    phone.locator("nav summary").click()
    link.click()

    expect(phone.get_by_role("heading", level=1)).to_have_text("Limits")


def test_a_piece_of_code_is_copied_as_it_stands(desk, cast):
    desk.goto("/developers/token-format")
    section = desk.get_by_role("region", name="For secret scanners")

    section.get_by_role("button", name="Copy").click()

    expect(section.get_by_role("button")).to_have_text("Copied")
    assert steps.clipboard(desk) == section.locator("code").text_content()


def test_a_link_is_built_without_script(plain, cast):
    plain.goto("/developers/links")
    plain.get_by_label("Name").fill("Zapier: badges")
    plain.get_by_label("tokens:read").check()
    plain.get_by_role("button", name="Build the link").click()

    built = plain.get_by_role("region", name="Your link")
    expect(built.locator("code")).to_contain_text("name=Zapier:%20badges&scopes=tokens:read&expires_in=90")
