"""The Chromium of this machine, for tests that need a real browser, and what it may not complain about."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, sync_playwright

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
INSTALL = "Chromium is missing. Install it: apt-get install -y --no-install-recommends chromium fonts-dejavu-core"


@contextmanager
def launched() -> Iterator[Browser]:
    """A running Chromium without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, INSTALL
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def listening() -> Iterator[Callable[[BrowserContext], None]]:
    """Hands out what makes a context listened to; whatever its pages complain about fails the test at the end."""
    complaints: list[str] = []

    def listen(context: BrowserContext) -> None:
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("console", lambda message: complaints.append(message.text) if is_complaint(message.text) else None)

    yield listen
    assert complaints == []


def is_complaint(text: str) -> bool:
    """Whether a console message says that the page broke a rule, such as its own content security policy.

    That nobody may frame us is no complaint: a test tries just that.
    """
    found = re.search(r"Content Security Policy|Refused to|Uncaught|SyntaxError|TypeError", text)
    return found is not None and "frame-ancestors" not in text
