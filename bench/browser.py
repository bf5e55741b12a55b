"""Signs in as a person does, and weighs what a first visit fetches."""

import gzip
import re
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, Request, build_opener

from bench.faults import BenchFault
from bench.tables import EMAIL, PASSWORD

_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_ASSET = re.compile(r'(?:href|src)="(/static/[^"#]+)')


def signed_in_cookie(port: int) -> str:
    """The `Cookie` header of a browser in which the person with the tokens is signed in."""
    cookies, address = CookieJar(), f"http://localhost:{port}/sign-in"
    opener = build_opener(HTTPCookieProcessor(cookies))
    form = _TOKEN.search(opener.open(address).read().decode())
    if form is None:
        raise BenchFault("The sign-in page has no CSRF token, so nobody can sign in.")
    fields = urlencode({"csrf_token": form[1], "email": EMAIL, "password": PASSWORD}).encode()
    answer = opener.open(Request(address, data=fields))
    if answer.url.endswith("/sign-in"):
        raise BenchFault("Signing in with the right password did not work.")
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in cookies)


def first_visit_bytes(port: int) -> int:
    """HTML and assets of the sign-in page as a browser that keeps nothing gets them; the page itself is never compressed."""
    opener, address = build_opener(), f"http://localhost:{port}/sign-in"
    page = opener.open(Request(address, headers={"Accept-Encoding": "gzip"})).read()
    total, wanted, seen = len(page), _ASSET.findall(page.decode()), set()
    while wanted:
        asset = urljoin(address, wanted.pop())
        if asset in seen:
            continue
        seen.add(asset)
        answer = opener.open(Request(asset, headers={"Accept-Encoding": "gzip"}))
        body = answer.read()
        total += len(body)
        text = gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body
        if asset.partition("?")[0].endswith((".css", ".js")):
            wanted += [urljoin(asset, found) for found in _imported(text.decode())]
    return total


def _imported(text: str) -> list[str]:
    return re.findall(r"""(?:@import\s+(?:url\()?|from\s+|^import\s+)["']([^"']+)["']""", text, re.MULTILINE)
