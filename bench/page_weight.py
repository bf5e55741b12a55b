"""How much a browser loads on its first visit: the page raw, as it is sent, and every file it names, compressed.

A small reader of pages, style sheets and modules stands for the browser; what is named twice is loaded once.
"""

import re
from urllib.parse import urljoin, urlsplit

from bench.client import Client
from bench.lab import Lab
from bench.outcome import Measured
from bench.processes import Broken

# Files that a page, a style sheet or a module brings along.
_NAMED_IN = {
    "text/html": re.compile(r"<(?:link|script|img|use)\b[^>]*?\b(?:href|src)=\"([^\"]+)\""),
    "text/css": re.compile(r"(?:url\(|@import\s+)[\"']?([^\"')]+)"),
    "text/javascript": re.compile(r"(?:\bfrom|\bimport)\s*\(?\s*[\"']([^\"']+)[\"']"),
}
_COMPRESSED = {"Accept-Encoding": "gzip"}


def of_first_visit(lab: Lab) -> Measured:
    """KB of the heavier of two first visits: to the sign-in page, and to an empty token list while signed in."""
    web = lab.web(lab.sqlite(), "sqlite")
    weights = {}
    for name, path, cookie in (("sign-in", "/sign-in", ""), ("token list", "/settings/tokens?q=none", lab.cookie(web))):
        client = Client(web.port)
        weights[name] = _visit(client, path, cookie)
        client.close()
    note = ", ".join(f"{name} {page / 1024:.1f} + {files / 1024:.1f} KB" for name, (page, files) in weights.items())
    return Measured([max(page + files for page, files in weights.values()) / 1024], note=note)


def _visit(client: Client, path: str, cookie: str) -> tuple[int, int]:
    """Bytes of the page, and of all files that it needs."""
    page = client.get(path, {"Cookie": cookie.partition(": ")[2]} if cookie else None)
    if page.status != 200:
        raise Broken(f"{path} answers {page.status}")
    seen: set[str] = set()
    waiting = _named(path, "text/html", page.body)
    files = 0
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        files += len(client.get(file, _COMPRESSED).body)
        raw = client.get(file)
        waiting += _named(file, raw.headers.get("content-type", "").partition(";")[0], raw.body)
    return len(page.body), files


def _named(base: str, kind: str, body: bytes) -> list[str]:
    pattern = _NAMED_IN.get(kind)
    if pattern is None:
        return []
    found = (urlsplit(urljoin(base, name)) for name in pattern.findall(body.decode()))
    return [url.path for url in found if not url.netloc and url.path.startswith("/static/")]
