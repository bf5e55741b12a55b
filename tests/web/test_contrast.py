"""The colours of static/css/variables.css, measured as WCAG 2.2 does (1.4.3, 1.4.11), light and dark."""

import re
from itertools import product
from math import cos, radians, sin

import pytest

from portal import ROOT

SHEET = (ROOT / "static/css/variables.css").read_text()
NUMBERS = r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)"
COLOURS = {
    name: (tuple(map(float, values[:3])), tuple(map(float, values[3:])))
    for name, *values in re.findall(rf"--([\w-]+): light-dark\({NUMBERS}, {NUMBERS}\)", SHEET)
}
GROUNDS = ("paper", "surface", "sunken")
TINTS = ("accent-tint", "danger-tint", "warning-tint", "success-tint")

PAIRS = [
    *((7.0, "text", ground) for ground in (*GROUNDS, *TINTS)),
    *((4.5, *pair) for pair in product(("muted", "link", "danger", "warning", "success"), GROUNDS)),
    *((4.5, "link", tint) for tint in TINTS),
    (4.5, "muted", "accent-tint"),
    *((4.5, "on-accent", fill) for fill in ("accent", "accent-strong")),
    *((4.5, "on-danger", fill) for fill in ("danger", "danger-strong")),
    *((3.0, *pair) for pair in product(("border-strong", "focus", "accent"), GROUNDS)),
    *((3.0, kind, f"{kind}-tint") for kind in ("accent", "danger", "warning", "success")),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("least", "front", "ground"), PAIRS)
def test_contrast_is_enough(least, front, ground, scheme):
    side = ["light", "dark"].index(scheme)

    assert contrast(COLOURS[front][side], COLOURS[ground][side]) >= least


def contrast(first, second) -> float:
    darker, lighter = sorted((luminance(*first), luminance(*second)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(lightness: float, chroma: float, hue: float) -> float:
    """Relative luminance of an OKLCH colour; what the screen cannot show is cut off, as browsers do."""
    red, green, blue = (min(max(channel, 0.0), 1.0) for channel in linear_rgb(lightness, chroma, hue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear_rgb(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """The matrices of CSS Color 4, "Sample code for color conversions"."""
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
