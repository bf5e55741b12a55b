"""axe finds no violation on any page in any state, whatever the theme and the width."""

from collections.abc import Callable

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.proof.gallery import Gallery

LIGHT, DARK = {"color_scheme": "light"}, {"color_scheme": "dark"}
FORCED = {"color_scheme": "light", "forced_colors": "active"}
LOOKS = {1280: (LIGHT, DARK, FORCED), 390: (LIGHT, DARK), 320: (LIGHT, DARK)}
# A hundred rows are a hundred times the same to axe, and take it long: seen once.
LONG = "tokens, a hundred"

RUN = """() => axe.run({ resultTypes: ["violations"], preload: false }).then(({ violations }) =>
  violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`)))
"""


@pytest.fixture
def look(chromium):
    """Makes a page of that width on which axe may run: the policy forbids scripts from elsewhere."""
    contexts = []

    def make(width: int) -> Page:
        contexts.append(chromium.new_context(viewport={"width": width, "height": 900}, bypass_csp=True))
        return contexts[-1].new_page()

    yield make
    for context in contexts:
        context.close()


def violations(page: Page, looks=(LIGHT, DARK)) -> list[str]:
    """What axe has against the page as it stands, once for each of the looks."""
    page.evaluate(AXE_SCRIPT)
    found = []
    for media in looks:
        page.emulate_media(**{"forced_colors": "none", **media})
        found += [f"{media}: {violation}" for violation in page.evaluate(RUN)]
    return found


@pytest.mark.parametrize("width", LOOKS)
def test_no_page_in_any_state_has_a_violation(width, gallery: Gallery, look):
    page, found = look(width), {}

    for name in gallery.names:
        page.goto(gallery.address_of(name))
        looks = LOOKS[width] if name != LONG else (LIGHT,) if width == 1280 else ()
        found[name] = violations(page, looks)

    assert {name: problems for name, problems in found.items() if problems} == {}


def type_what_nobody_has(page: Page) -> None:
    page.get_by_label("Search by name").fill("nobody has this")
    page.get_by_text("None of the").wait_for()


def call_with_it(page: Page) -> None:
    page.get_by_role("button", name="Test this token").click()
    page.get_by_text("401: ").wait_for()


AFTER: dict[str, tuple[str, int, Callable[[Page], object]]] = {
    "the avatar menu is open": ("profile", 1280, lambda page: page.locator("summary", has_text="Your menu").click()),
    "the navigation is open": ("api access, token", 390, lambda page: page.locator("nav summary").click()),
    "another sample is chosen": ("token created", 390, lambda page: page.get_by_role("tab", name=".env").click()),
    "a token was refused": ("token created", 1280, call_with_it),
    "nothing is left of a list": ("tokens, of all kinds", 1280, type_what_nobody_has),
    "the secret was wiped": (
        "api access, created",
        1280,
        lambda page: page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))"),
    ),
}


def test_nor_after_what_scripts_do(gallery, look):
    found = {}

    for what, (name, width, act) in AFTER.items():
        page = look(width)
        page.goto(gallery.address_of(name))
        act(page)
        found[what] = violations(page)

    assert {what: problems for what, problems in found.items() if problems} == {}
