"""The operator's brand on the pages: its name, its logo, which can never run script, and its accent."""

import pytest

from tests.conftest import settings_for
from tests.page import Browser

# Decided before any database is asked; one kind is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'


@pytest.fixture
def browser(make_app, database_url, tmp_path):
    """A browser before a portal that is dressed as Acme."""
    (tmp_path / "logo.svg").write_text(LOGO)
    brand = f"Acme & Söhne;logo={tmp_path / 'logo.svg'};hue=290"
    return Browser(make_app(settings_for(database_url, tmp_path, brand=brand)).test_client())


def test_without_a_brand_it_is_the_portal(stranger):
    page = stranger.get("/nope")

    assert page.root.findtext("head/title") == "There is no such page – Portal"
    assert page.all("//header//a[@class='brand']")[0].text_content() == "Portal"
    assert page.all("//header//*[local-name()='use']/@href")[0].endswith("img/icons.svg#mark")


def test_the_name_stands_in_the_title_and_at_the_top_of_error_pages_too(browser):
    page = browser.get("/nope")

    assert page.root.findtext("head/title") == "There is no such page – Acme & Söhne"
    assert page.all("//header//a[@class='brand']")[0].text_content() == "Acme & Söhne"


def test_the_logo_is_a_picture_and_the_icon_of_the_tab(browser):
    page = browser.get("/nope")

    address = page.all("//header//img/@src")[0]
    assert page.all("//link[@rel='icon']/@href") == [address]
    answer = browser.client.get(address, base_url=browser.base_url)
    assert (answer.status_code, answer.mimetype, answer.text) == (200, "image/svg+xml", LOGO)


def test_a_logo_that_is_opened_by_itself_runs_nothing(browser):
    address = browser.get("/nope").all("//header//img/@src")[0]

    policy = browser.client.get(address, base_url=browser.base_url).headers["Content-Security-Policy"]
    assert {"default-src 'none'", "sandbox"} < set(policy.split("; "))
    assert "script-src" not in policy


def test_the_accent_comes_after_our_own_sheets_and_changes_the_hue_alone(browser):
    address = browser.get("/nope").all("//link[@rel='stylesheet']/@href")[-1]

    answer = browser.client.get(address, base_url=browser.base_url)
    assert answer.content_type == "text/css; charset=utf-8"
    assert answer.text.startswith("@layer variables{:root{--accent:light-dark(oklch(0.43 0.075 290),oklch(0.73 ")
    assert answer.text.count("290") == 10


@pytest.mark.parametrize("kind", ["//header//img/@src", "//link[@rel='stylesheet'][last()]/@href"])
def test_its_files_are_kept_and_set_no_cookie(browser, kind):
    answer = browser.client.get(browser.get("/nope").all(kind)[0], base_url=browser.base_url)

    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer.headers
