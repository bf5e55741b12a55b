"""A browser for tests without script: pages read as a person reads them, and linted as they are opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from lxml import html
from lxml.html import FormElement, HtmlElement
from werkzeug.test import TestResponse

_UNLABELLED = {"hidden", "submit", "button"}


@dataclass
class Browser:
    """One person's browser: cookies are kept between requests, redirects are not followed by themselves."""

    client: FlaskClient
    base_url: str = "http://localhost:8000"

    def get(self, path: str, **options: Any) -> Page:
        return self._page(self.client.get(path, base_url=self.base_url, **options))

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> Page:
        return self._page(self.client.post(path, data=data or {}, base_url=self.base_url, **options))

    def csrf_token(self, path: str = "/settings/profile") -> str:
        """A CSRF token of this browser, for forms that a test makes up by itself."""
        return str(self.get(path).hidden("csrf_token"))

    def _page(self, response: TestResponse) -> Page:
        return Page(self, response)


@dataclass
class Page:
    """One answer. HTML is linted on the way in, so that every page that any test opens is."""

    browser: Browser
    response: TestResponse
    document: HtmlElement | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.response.mimetype == "text/html" and self.response.data and not self.is_redirect:
            self.document = html.document_fromstring(self.response.get_data(as_text=True))
            problems = lint(self.document) + lint_headers(self.response)
            assert not problems, f"{self.response.request.path}: {problems}"

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def is_redirect(self) -> bool:
        return 300 <= self.status < 400

    @property
    def location(self) -> str:
        return self.response.headers["Location"]

    @property
    def root(self) -> HtmlElement:
        assert self.document is not None, f"no page: {self.status} {self.response.data[:200]!r}"
        return self.document

    @property
    def h1(self) -> str:
        return _text(self.root.xpath("//h1")[0])

    @property
    def text(self) -> str:
        """All that can be read on the page, blanks folded."""
        return _text(self.root.xpath("//body")[0])

    @property
    def main(self) -> str:
        return _text(self.root.xpath("//main")[0])

    def follow(self) -> Page:
        """Opens the page that this answer redirects to."""
        assert self.is_redirect, f"{self.status}: {self.response.data[:300]!r}"
        return self.browser.get(self.location)

    def all(self, xpath: str) -> list[Any]:
        return list(self.root.xpath(xpath))

    def links(self) -> dict[str, str]:
        """Link text → address."""
        return {_text(link): link.get("href") for link in self.root.xpath("//a[@href]")}

    def buttons(self) -> list[str]:
        return [_text(button) for button in self.root.xpath("//button")]

    def hidden(self, name: str) -> str | None:
        found = self.root.xpath("//input[@name=$name]/@value", name=name)
        return str(found[0]) if found else None

    def errors(self) -> list[str]:
        """The sentences of the error summary."""
        return [_text(item) for item in self.root.xpath("//*[contains(@class, 'error-summary')]//li")]

    def field(self, label: str) -> HtmlElement:
        """The field with that label."""
        for candidate in self.root.xpath("//label"):
            if _text(candidate).startswith(label):
                return self.root.get_element_by_id(candidate.get("for"))
        raise AssertionError(
            f"no field labelled {label!r} among {[_text(label) for label in self.root.xpath('//label')]}"
        )

    def value(self, label: str) -> str:
        """What stands in the field with that label."""
        found = self.field(label)
        return found.text_content() if found.tag == "textarea" else (found.get("value") or "")

    def submit(self, button: str, **fields: Any) -> Page:
        """Presses the button, with `fields` typed over what the form holds; None takes a field out."""
        form = self._form_of(button)
        data: dict[str, Any] = {}
        for name, value in form.form_values():
            data.setdefault(name, []).append(value)
        data.update({name: value for name, value in fields.items() if value is not None})
        for name in [name for name, value in fields.items() if value is None]:
            data.pop(name, None)
        return self.browser.post(form.get("action") or self.response.request.path, data)

    def _form_of(self, button: str) -> FormElement:
        for candidate in self.root.xpath("//form[@method='post']//button"):
            if _text(candidate).startswith(button):
                return next(candidate.iterancestors("form"))
        raise AssertionError(f"no button {button!r} among {self.buttons()}")


def lint(document: HtmlElement) -> list[str]:
    """What is wrong with a page's HTML, for people who cannot see it and for our own rules."""
    problems = []
    if len(document.xpath("//h1")) != 1:
        problems.append(f"{len(document.xpath('//h1'))} h1")
    if document.get("lang") != "en" or not document.findtext("head/title", "").strip():
        problems.append("no lang or no title")
    ids = document.xpath("//@id")
    problems += [f"id {name} twice" for name in {name for name in ids if ids.count(name) > 1}]
    problems += [f"inline: {found.tag}" for found in document.xpath("//*[@style] | //style | //script[not(@src)]")]
    problems += ["event handler" for _ in document.xpath("//@*[starts-with(name(), 'on')]")]
    problems += ["img without alt" for _ in document.xpath("//img[not(@alt)]")]
    problems += [f"link without text: {link.get('href')}" for link in document.xpath("//a") if not _named(link)]
    problems += ["button without text" for button in document.xpath("//button") if not _named(button)]
    problems += _lint_fields(document, set(ids))
    for form in document.xpath("//form[@method='post']"):
        if not form.xpath(".//input[@name='csrf_token']/@value"):
            problems.append(f"form without CSRF token: {form.get('action')}")
    return problems


def _lint_fields(document: HtmlElement, ids: set[str]) -> list[str]:
    labelled = set(document.xpath("//label/@for"))
    problems = [
        f"field without label: {entry.get('name')}"
        for entry in document.xpath("//input | //select | //textarea")
        if entry.get("type") not in _UNLABELLED and entry.get("id") not in labelled and not entry.get("aria-label")
    ]
    for attribute in ("aria-describedby", "aria-labelledby", "aria-controls"):
        for value in document.xpath(f"//@{attribute}"):
            problems += [f"{attribute} to nothing: {name}" for name in value.split() if name not in ids]
    problems += [
        f"link to nothing: {link}" for link in document.xpath("//a/@href[starts-with(., '#')]") if link[1:] not in ids
    ]
    problems += [f"label for nothing: {name}" for name in labelled - ids]
    return problems


def lint_headers(response: TestResponse) -> list[str]:
    """What is missing among the headers that every page carries."""
    problems = []
    policy = response.headers.get("Content-Security-Policy", "")
    if "default-src 'none'" not in policy or "frame-ancestors 'none'" not in policy or "unsafe" in policy:
        problems.append(f"CSP: {policy}")
    if response.headers.get("Cache-Control") != "no-store":
        problems.append(f"Cache-Control: {response.headers.get('Cache-Control')}")
    if response.headers.get("X-Content-Type-Options") != "nosniff":
        problems.append("no nosniff")
    if not response.headers.get("X-Request-Id"):
        problems.append("no request id")
    return problems


def path_of(location: str) -> str:
    return urlsplit(location).path


def _named(element: HtmlElement) -> bool:
    return bool(_text(element) or element.get("aria-label"))


def _text(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())
