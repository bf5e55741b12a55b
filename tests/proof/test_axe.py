"""axe finds no violation on any page in any state, whatever the theme and the width."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.proof.states import PARTS

LIGHT, DARK = {"color_scheme": "light"}, {"color_scheme": "dark"}
FORCED = {"color_scheme": "light", "forced_colors": "active"}
# Each width and each theme, the wide window in both: the sheets change colours by the theme alone, and places by the
# width alone.
LOOKS = {1280: (LIGHT, DARK), 390: (DARK,), 320: (FORCED,)}
# A hundred rows are ten times the same as ten, one call looks like another, and they take axe long: seen once.
LONG = (
    "tokens, a hundred", "activity of the account", "activity of the account, older", "call, listTokens",
    "call, rotateToken", "call, introspect", "call, revokeHeld",
)  # fmt: skip

RUN = """async () => {
  // Forced colours are the reader's own; the page cannot ask for the one that text will have.
  const rules = { "color-contrast": { enabled: !matchMedia("(forced-colors: active)").matches } };
  const { violations } = await axe.run({ resultTypes: ["violations"], preload: false, rules });
  return violations.flatMap(({ id, nodes }) => nodes.map((it) => `${id}: ${it.target}: ${it.failureSummary}`));
}"""


@pytest.mark.parametrize("part", PARTS)
def test_no_page_in_any_state_has_a_violation(part, gallery, screen):
    found = []

    for name in gallery.parts[part]:
        gallery.show(screen, name)
        screen.evaluate(AXE_SCRIPT)
        for width, looks in ({1280: (LIGHT,)} if name in LONG else LOOKS).items():
            found += [f"{name}, {width}, {problem}" for problem in violations(screen, width, looks)]

    assert found == []


def violations(screen: Page, width: int, looks) -> list[str]:
    """What axe has against the page at that width, once for each of the looks."""
    screen.set_viewport_size({"width": width, "height": 900})
    found = []
    for media in looks:
        screen.emulate_media(**{"forced_colors": "none", **media})
        found += [f"{media}: {problem}" for problem in screen.evaluate(RUN)]
    return found


def filter_all_away(screen: Page) -> None:
    screen.get_by_label("Search by name").fill("nobody has this")
    screen.get_by_text("None of the").wait_for()


def call_with_it(screen: Page) -> None:
    screen.get_by_role("button", name="Test this token").click()
    screen.get_by_text("401: ").wait_for()


def try_without_a_token(screen: Page) -> None:
    screen.get_by_role("button", name="Send").click()
    screen.get_by_text("Paste a token first.").wait_for()


def try_with_a_token_that_is_none(screen: Page) -> None:
    screen.get_by_label("Paste a token").fill("pat_wrong")
    screen.get_by_role("button", name="Send").click()
    screen.get_by_text("What this error means").wait_for()


def try_what_is_always_answered(screen: Page) -> None:
    screen.get_by_role("textbox", name="token").fill("pat_wrong")
    screen.get_by_role("button", name="Send").click()
    screen.get_by_text("200 OK").wait_for()


def wipe(screen: Page) -> None:
    screen.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")


# What happened → the state, the width, and how it happens.
AFTER = {
    "the menu is open": ("profile", 1280, lambda screen: screen.locator("summary", has_text="Your menu").click()),
    "the navigation is open": ("api access, token", 390, lambda screen: screen.locator("nav summary").click()),
    "another sample is chosen": ("token created", 390, lambda screen: screen.get_by_role("tab", name=".env").click()),
    "a token was refused": ("token created", 1280, call_with_it),
    "nothing is left of a list": ("tokens, ten", 1280, filter_all_away),
    "a call lacks its token": ("call", 390, try_without_a_token),
    "a call was refused": ("call", 390, try_with_a_token_that_is_none),
    "a call was answered": ("call, revokeHeld", 1280, try_what_is_always_answered),
    "the secret was wiped": ("api access, created", 1280, wipe),
}


def test_nor_after_what_scripts_do(gallery, screen):
    found = []

    for what, (name, width, act) in AFTER.items():
        screen.set_viewport_size({"width": width, "height": 900})
        gallery.show(screen, name)
        act(screen)
        screen.evaluate(AXE_SCRIPT)
        found += [f"{what}: {problem}" for problem in violations(screen, width, (LIGHT, DARK))]

    assert found == []
