"""How a portal is dressed: the operator's name, logo and accent hue, checked at the start.

Only the hue can be chosen. How light and how strong the accent is stays ours, and what comes out is measured against
the colours of static/css/variables.css as WCAG 2.2 does (1.4.3, 1.4.11), light and dark.
"""

import re
from dataclasses import dataclass, field
from hashlib import sha256
from math import cos, radians, sin
from pathlib import Path
from typing import Final

from portal.names import UnfitName, clean_name

FOUNDATIONS = Path(__file__).resolve().parent.parent / "static" / "css" / "variables.css"
DEFAULT_NAME = "Portal"
LONGEST_NAME = 40
LARGEST_LOGO = 100 * 1024
# Around the red of what destroys: an accent there would make every button look dangerous.
RED, NEAR_RED = 27, 20

_PNG = b"\x89PNG\r\n\x1a\n"
_SVG = re.compile(
    r"\ufeff?(?:\s|<\?xml[^>]*\?>|<!--.*?-->|<!DOCTYPE[^>]*>)*<svg\s[^>]*http://www\.w3\.org/2000/svg", re.S
)
_COLOUR = r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)"
_PAIR = re.compile(rf"--([\w-]+): light-dark\({_COLOUR}, {_COLOUR}\)")

Colour = tuple[float, float, float]
Colours = dict[str, tuple[Colour, Colour]]

# What takes the hue, and the least contrast of what then meets what: 7 for text, 4.5 for words, 3 for shapes.
ACCENTS: Final = ("accent", "accent-strong", "on-accent", "link", "accent-tint")
LEAST: Final = (
    (7.0, "text", "accent-tint"),
    (4.5, "muted", "accent-tint"),
    (4.5, "on-accent", "accent"),
    (4.5, "on-accent", "accent-strong"),
    *((4.5, "link", ground) for ground in ("paper", "surface", "sunken", "accent-tint")),
    *((3.0, "accent", ground) for ground in ("paper", "surface", "sunken", "accent-tint")),
)


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture that stands beside the name; `suffix` is `svg` or `png`."""

    content: bytes = field(repr=False)
    suffix: str

    @property
    def digest(self) -> str:
        return sha256(self.content).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Brand:
    """What the pages are called and look like. `hue` is in degrees of OKLCH."""

    name: str = DEFAULT_NAME
    logo: Logo | None = None
    hue: float | None = None


def parse_brand(text: str) -> Brand:
    """`Acme;logo=/path/logo.svg;hue=200`: the name first, the rest may be left out. Raises `ValueError`."""
    name, *parts = (part.strip() for part in text.split(";"))
    given = dict(_named(part) for part in parts if part)
    return Brand(
        name=_name(name) if name else DEFAULT_NAME,
        logo=_logo(Path(given["logo"])) if "logo" in given else None,
        hue=_hue(given["hue"]) if "hue" in given else None,
    )


def accent_sheet(hue: float) -> str:
    """The style sheet that turns every accent to that hue; it comes after the foundations, in their layer."""
    lines = [f"--{name}:light-dark({_css(light)},{_css(dark)})" for name, (light, dark) in _turned(hue).items()]
    return f"@layer variables{{:root{{{';'.join(lines)}}}}}\n"


def weak_pairs(colours: Colours) -> list[str]:
    """The pairs that cannot be told apart well enough, a phrase each."""
    return [
        f"{front} on {ground} is {found:.1f} to 1 in {scheme}, {least:g} is the least"
        for least, front, ground in LEAST
        for side, scheme in enumerate(("light", "dark"))
        if (found := contrast(colours[front][side], colours[ground][side])) < least
    ]


def foundations() -> Colours:
    """The colours of the sheet by name: light and dark, each as lightness, chroma and hue."""
    found: Colours = {}
    for name, *numbers in _PAIR.findall(FOUNDATIONS.read_text()):
        one, two, three, four, five, six = map(float, numbers)
        found[name] = ((one, two, three), (four, five, six))
    return found


def contrast(first: Colour, second: Colour) -> float:
    """How far two colours are apart in brightness: 1 the same, 21 black and white."""
    darker, lighter = sorted((_luminance(*first), _luminance(*second)))
    return (lighter + 0.05) / (darker + 0.05)


def _named(part: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    if name not in {"logo", "hue"} or not equals or not value:
        raise ValueError(f"{part!r} is neither logo=FILE nor hue=DEGREES; write Acme;logo=/path/logo.svg;hue=200")
    return name, value


def _name(text: str) -> str:
    try:
        return clean_name(text, longest=LONGEST_NAME)
    except UnfitName as error:
        raise ValueError(f"use a name of 1 to {LONGEST_NAME} characters, all of them visible") from error


def _logo(path: Path) -> Logo:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"the logo {path} cannot be read ({error.strerror})") from error
    if len(content) > LARGEST_LOGO:
        raise ValueError(f"the logo {path} is larger than {LARGEST_LOGO // 1024} KB")
    if content.startswith(_PNG):
        return Logo(content, "png")
    if _SVG.match(content.decode(errors="replace")):
        return Logo(content, "svg")
    raise ValueError(f"the logo {path} is neither an SVG nor a PNG")


def _hue(text: str) -> float:
    if not (text.isascii() and text.isdecimal() and int(text) <= 360):
        raise ValueError("write the hue in degrees, 0 to 360, like hue=200")
    hue = float(text)
    if abs(hue - RED) <= NEAR_RED:
        low, high = RED - NEAR_RED, RED + NEAR_RED
        raise ValueError(f"the hue {text} is the red of what destroys; choose one below {low} or above {high}")
    weak = weak_pairs({**foundations(), **_turned(hue)})
    if weak:
        raise ValueError(f"the hue {text} cannot be read well: {weak[0]}")
    return hue


def _turned(hue: float) -> Colours:
    colours = foundations()
    return {name: ((*colours[name][0][:2], hue), (*colours[name][1][:2], hue)) for name in ACCENTS}


def _css(colour: Colour) -> str:
    return f"oklch({' '.join(f'{number:g}' for number in colour)})"


def _luminance(lightness: float, chroma: float, hue: float) -> float:
    """Relative luminance of an OKLCH colour; what the screen cannot show is cut off, as browsers do."""
    red, green, blue = (min(max(channel, 0.0), 1.0) for channel in linear_rgb(lightness, chroma, hue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear_rgb(lightness: float, chroma: float, hue: float) -> Colour:
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
