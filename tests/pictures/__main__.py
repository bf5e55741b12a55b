"""Makes the pictures: every page that matters on a phone and on a desk, in light and in dark.

Usage: python -m tests.pictures FOLDER
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, Page

from portal.database import Database
from portal.migrations.run import migrate
from tests.cast import Cast
from tests.chromium import launched
from tests.journeys.steps import sign_in
from tests.pictures.month import SCOPES, add_month
from tests.served import serve

# Width and height of the window, a phone and a desk.
WINDOWS = ((390, 844), (1280, 860))
SCHEMES = ("light", "dark")
# Flat pages need no more; half of the bytes.
COLOURS = 128


@dataclass(frozen=True)
class Look:
    """One way of looking at every page."""

    width: int
    height: int
    scheme: str


@dataclass(frozen=True)
class Camera:
    """A person's browser that keeps what it sees."""

    page: Page
    look: Look
    folder: Path

    def take(self, name: str, path: str = "") -> None:
        """The whole page as a picture; opens `path` first, unless the page is there already."""
        if path:
            self.page.goto(path)
        self.page.wait_for_load_state("networkidle")
        target = self.folder / f"{name}-{self.look.width}-{self.look.scheme}.png"
        self.page.screenshot(path=target, full_page=True)
        _shrink(target)


def _shrink(path: Path) -> None:
    with Image.open(path) as picture:
        flat = picture.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    flat.save(path, optimize=True)


def main(folder: Path) -> None:
    """All pictures, in place of those of the last time."""
    folder.mkdir(parents=True, exist_ok=True)
    with launched() as browser:
        for (width, height), scheme in product(WINDOWS, SCHEMES):
            for old in folder.glob(f"*-{width}-{scheme}.png"):
                old.unlink()
            _look_around(browser, Look(width, height, scheme), folder)


def _look_around(browser: Browser, look: Look, folder: Path) -> None:
    """A portal of its own for each look, so that what one makes is not in the pictures of the next."""
    with TemporaryDirectory() as scratch:
        url = f"sqlite:///{scratch}/portal.db"
        database = Database(url)
        migrate(database)
        cast = add_month(database)
        database.close()
        with serve(url, Path(scratch), scopes=SCOPES) as portal:
            for visit in (_stranger, _alice, _charlie):
                window = {"width": look.width, "height": look.height}
                context = browser.new_context(viewport=window, color_scheme=look.scheme, base_url=portal.url)
                visit(Camera(context.new_page(), look, folder), cast)
                context.close()


Visit = Callable[[Camera, Cast], None]


def _stranger(camera: Camera, cast: Cast) -> None:
    camera.take("sign-in", "/sign-in")
    camera.take("developers", "/developers")


def _alice(camera: Camera, cast: Cast) -> None:
    page = camera.page
    sign_in(page, cast.alice)
    camera.take("tokens", "/settings/tokens")
    page.get_by_role("link", name="Zapier: badge issuing").click()
    camera.take("token")
    page.get_by_role("link", name="Revoke").click()
    camera.take("token-revoke")
    camera.take("api-access", "/account/api-access")
    camera.take("activity", "/settings/activity")
    page.goto("/settings/tokens/new?name=HubSpot: new members&scopes=account:read&expires_in=90")
    camera.take("token-new")
    page.get_by_role("button", name="Create token").click()
    page.get_by_role("button", name="Test this token").click()
    page.get_by_text("200 OK").wait_for()
    camera.take("token-created")
    secret = page.get_by_label("Personal access token", exact=True).input_value()
    page.get_by_role("link", name="Done, I have stored it").click()
    camera.take("reference", "/developers/reference")
    page.get_by_role("link", name="See who a token acts as").click()
    page.get_by_label("Paste a token").fill(secret)
    page.get_by_role("button", name="Send").click()
    page.get_by_text("200 OK").wait_for()
    camera.take("call-tried")


def _charlie(camera: Camera, cast: Cast) -> None:
    page = camera.page
    sign_in(page, cast.charlie)
    camera.take("api-access-off", "/account/api-access")
    page.get_by_label("Enable API access").check()
    page.get_by_role("button", name="Update").click()
    camera.take("api-access-statement")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
