"""What people do, step by step, by the words they see."""

import re

from playwright.sync_api import Page, expect

from tests.cast import PASSWORD, Person
from tests.served import Served

CODE = re.compile(r"code[^A-Z0-9]*([A-Z0-9]{4}(?:-[A-Z0-9]{4})+)", re.IGNORECASE)


def set_up(page: Page, served: Served) -> None:
    """The first person comes: Alice makes the account Acme with the code that the start printed."""
    found = CODE.search(served.printed())
    assert found, served.printed()
    page.goto("/")
    page.get_by_label("Code").fill(found.group(1))
    page.get_by_label("Account name").fill("Acme")
    page.get_by_label("Your name").fill("Alice")
    page.get_by_label("Email address").fill("alice@acme.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page).to_have_url(re.compile("/settings/tokens$"))


def sign_in(page: Page, person: Person) -> None:
    page.goto("/sign-in")
    page.get_by_label("Email address").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).not_to_have_url(re.compile("/sign-in"))
    page.wait_for_load_state()


def sign_out(page: Page) -> None:
    open_menu(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in"))


def open_menu(page: Page) -> None:
    page.locator("summary", has_text="Your menu").click()


def open_api_access(page: Page) -> None:
    """Avatar → Account settings → API access, as the help pages say."""
    open_menu(page)
    page.get_by_role("link", name="Account settings").click()
    page.get_by_role("navigation").get_by_role("link", name="API access").click()


def agree_to_api_access(page: Page) -> str:
    """Turns API access on and agrees; the secret that is shown."""
    page.get_by_label("Enable API access").check()
    page.get_by_role("button", name="Update").click()
    page.get_by_role("button", name="Agree").click()
    _whole(page, "Copy your API access token now")
    return page.get_by_label("API access token", exact=True).input_value().removeprefix("Bearer ")


def create_token(page: Page, name: str) -> str:
    """Makes a personal token; the secret that is shown."""
    page.goto("/settings/tokens")
    page.get_by_role("link", name="Create token").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create token").click()
    _whole(page, "Copy your personal access token now")
    return page.get_by_label("Personal access token", exact=True).input_value()


def _whole(page: Page, heading: str) -> None:
    """Waits for the page of that heading, its scripts started: one that can be read may still be loading."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    page.wait_for_load_state()


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until what has the focus is called `name`."""
    # On a page that is still being read the focus may start anew.
    page.wait_for_load_state()
    for _ in range(80):
        page.keyboard.press("Tab")
        label = page.evaluate(
            """() => {
              const it = document.activeElement;
              if (it === document.body) return "";
              const label = it.labels && it.labels.length ? it.labels[0].textContent : it.textContent;
              return (it.getAttribute("aria-label") || label || "").trim().replace(/\\s+/g, " ");
            }"""
        )
        if name in label:
            return
    raise AssertionError(f"Tab never reaches {name!r}")
