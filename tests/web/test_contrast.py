"""The colours of static/css/variables.css, measured as WCAG 2.2 does (1.4.3, 1.4.11), light and dark."""

from itertools import product

import pytest

from portal.brand import contrast, foundations

COLOURS = foundations()
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
