"""The keyboard alone: where the focus is can always be seen, and after an error it is on what has to be mended."""

import pytest
from playwright.sync_api import expect

REFUSED = "[data-error-summary]"
# One of each kind of page, and the one with every component.
WALKED = (
    "sign-in, refused",
    "tokens, of all kinds",
    "new token, errors",
    "token created",
    "api access, overlap",
    "call, createToken",
    "components",
)
LONGEST_WALK = 120

SEEN = """() => {
  const it = document.activeElement;
  if (it === document.body) {
    return null;
  }
  const { top, left, width, height, bottom, right } = it.getBoundingClientRect();
  const name = (it.getAttribute("aria-label") ?? it.labels?.[0]?.textContent ?? it.textContent).trim().slice(0, 60);
  const rings = [it, it.parentElement].map((one) => getComputedStyle(one));
  const wrong = [];
  // The last stop of a date is the browser's own button in it, which wears the browser's own ring.
  const isDate = it.type === "date" && !it.matches(":focus-visible");
  const isSeen = ({ outlineStyle, outlineWidth }) => outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  if (!isDate && !rings.some(isSeen)) {
    wrong.push("no ring");
  }
  if (bottom <= 0 || right <= 0 || top >= innerHeight || left >= innerWidth || !width || !height) {
    wrong.push("outside of the window");
  }
  const [x, y] = [Math.max(left, 0) + Math.min(width, 20) / 2, (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2];
  const above = document.elementFromPoint(x, y);
  if (above && !it.contains(above) && !above.contains(it)) {
    wrong.push(`under ${above.tagName}.${above.className}`);
  }
  return [name, wrong];
}"""


@pytest.mark.parametrize("width", [1280, 320])
def test_the_focus_is_always_seen_and_never_lost(width, gallery, screen):
    found = []

    for name in WALKED:
        screen.set_viewport_size({"width": width, "height": 700})
        gallery.show(screen, name)
        stops = walk(screen)
        found += [(name, stop, wrong) for stop, wrong in stops if wrong]
        assert len(stops) > 3, name

    assert found == []


def walk(screen):
    """Presses Tab until the browser has been through the page: each stop, and what is wrong with it."""
    stops = []
    for _ in range(LONGEST_WALK):
        screen.keyboard.press("Tab")
        stop = screen.evaluate(SEEN)
        if stop is None:
            return stops
        stops.append(stop)
    raise AssertionError(f"Tab goes round: {stops[-5:]}")


def test_after_an_error_the_summary_has_the_focus_and_leads_to_each_field(gallery, screen, states):
    refused = [name for part in states.values() for name, page in part.items() if page.all("//*[@data-error-summary]")]

    for name in refused:
        gallery.show(screen, name)
        expect(screen.locator(REFUSED)).to_be_focused()
        for link in screen.locator(f"{REFUSED} a").all():
            link.focus()
            screen.keyboard.press("Enter")
            target = screen.locator(str(link.get_attribute("href")))
            expect(target).to_be_focused()
    assert len(refused) > 8
