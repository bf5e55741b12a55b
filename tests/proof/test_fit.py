"""Nothing is cut off and nothing scrolls sideways: on a phone, at 200 % zoom, with the reader's own spacing of text."""

import pytest
from playwright.sync_api import Page

from tests.chromium import listening

# 640 pixels of two dots each: a window of 1280 at 200 % zoom.
WINDOWS = {
    "320": {"viewport": {"width": 320, "height": 640}},
    "390": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
    "200 %": {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2},
    "800": {"viewport": {"width": 800, "height": 600}},
    "1280": {"viewport": {"width": 1280, "height": 900}},
}
# WCAG 2.2, 1.4.12.
SPACING = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
p { margin-block-end: 2em !important; }"""

MISFITS = """() => {
  const isFor = (it) => it && (it.ariaHidden === "true" || it.offsetWidth <= 1 || isFor(it.parentElement));
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) {
    found.push(`the page is ${document.documentElement.scrollWidth} wide`);
  }
  for (const it of document.body.querySelectorAll("*")) {
    if (!(it instanceof HTMLElement) || !it.checkVisibility() || isFor(it) || it.matches(".skip-link")) {
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


def misfits(page: Page, gallery, *, spacing: str = "") -> dict[str, list[str]]:
    """What does not fit, by state."""
    found = {}
    for name in gallery.names:
        page.goto(gallery.address_of(name))
        if spacing:
            page.add_style_tag(content=spacing)
        found[name] = page.evaluate(MISFITS)
    return {name: problems for name, problems in found.items() if problems}


@pytest.mark.parametrize("window", WINDOWS)
def test_everything_fits_and_keeps_the_policy(window, gallery, chromium):
    with listening() as listen, chromium.new_context(**WINDOWS[window]) as context:
        listen(context)

        assert misfits(context.new_page(), gallery) == {}


@pytest.mark.parametrize("window", ["320", "1280"])
def test_everything_fits_with_the_readers_own_spacing(window, gallery, chromium):
    # The policy keeps foreign styles out; a reader's own come by ways that it does not bind.
    with chromium.new_context(**WINDOWS[window], bypass_csp=True) as context:
        assert misfits(context.new_page(), gallery, spacing=SPACING) == {}
