"""Nothing is cut off and nothing scrolls sideways, but code of several lines in its own box: on a phone, at 200 % zoom,
with the reader's own spacing of text."""

import pytest

from tests.proof.states import PARTS

# 640 is a window of 1280 at 200 % zoom.
WIDTHS = (1280, 1100, 800, 640, 390, 320)
SPACED_WIDTHS = (320, 1280)
# WCAG 2.2, 1.4.12. The policy keeps foreign styles out; a reader's own come by a way that it does not bind.
SPACE = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
    p { margin-block-end: 2em !important; }`);
  document.adoptedStyleSheets = [sheet];
}"""

MISFITS = """() => {
  const isUnseen = (it) => it && (it.ariaHidden === "true" || it.offsetWidth <= 1 || isUnseen(it.parentElement));
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) {
    found.push(`the page is ${document.documentElement.scrollWidth} wide`);
  }
  // The text in a field scrolls inside of it, and so does code whose indents mean something.
  for (const it of document.body.querySelectorAll("*:not(input, select, .skip-link, .lines[tabindex='0'] > code)")) {
    if (!(it instanceof HTMLElement) || !it.checkVisibility() || isUnseen(it)) {
      continue;
    }
    const { overflowX, overflowY, display } = getComputedStyle(it);
    const what = `${it.tagName.toLowerCase()}.${it.className} “${it.textContent.trim().slice(0, 40)}”`;
    if (it.getBoundingClientRect().right > innerWidth + 1) {
      found.push(`${what} ends outside of the window`);
    }
    if (display === "inline") {
      continue;
    }
    if (it.scrollWidth > it.clientWidth + 1 && overflowX !== "auto") {
      found.push(`${what} is ${it.scrollWidth} wide in ${it.clientWidth}`);
    }
    if (it.scrollHeight > it.clientHeight + 1 && ["hidden", "clip"].includes(overflowY)) {
      found.push(`${what} is ${it.scrollHeight} high in ${it.clientHeight}`);
    }
  }
  return found;
}"""


@pytest.mark.parametrize("part", PARTS)
def test_everything_fits(part, gallery, screen):
    found = {}

    for name in gallery.parts[part]:
        gallery.show(screen, name)
        for width in WIDTHS:
            found[name, width] = misfits(screen, width)
        screen.evaluate(SPACE)
        for width in SPACED_WIDTHS:
            found[name, width, "spaced"] = misfits(screen, width)

    assert {where: problems for where, problems in found.items() if problems} == {}


def misfits(screen, width):
    """What does not fit into a window of that width."""
    screen.set_viewport_size({"width": width, "height": 700})
    return screen.evaluate(MISFITS)
