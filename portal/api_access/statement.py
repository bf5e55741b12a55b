"""The security statement: a Markdown file, read and rendered once, at start.

Pure; knows no database and no setting. A fifth file of this room, because the text itself is no business of a
verb: it is the one thing here that an operator writes.
"""

import re
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

DEFAULT = Path(__file__).with_name("statement.md")
# The statement stands under an h2 of the page, so its own headings begin one below that.
_DEEPER_BY = 2
_DEEPEST = 6
_FIRST_LINE = re.compile(r"date: (\d{4}-\d{2}-\d{2})\s*")
_LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)


class UnfitStatement(ValueError):
    """A file that cannot be agreed to; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What owners agree to. `version` is its date, a hyphen and the first 8 hex digits of the SHA-256 of `text`.

    `text` is the whole file, first line included, so that `sha256sum` shows the same digits; `html` is safe to show.
    """

    version: str
    date: date
    text: str
    html: str


def read_statement(path: Path) -> Statement:
    """The statement in that file, UTF-8. Raises `UnfitStatement`."""
    try:
        # Bytes, because reading as text would change line ends, and with them the digits of the version.
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UnfitStatement(f"{path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UnfitStatement(f"{path} is not UTF-8") from error
    return parse_statement(text)


def parse_statement(text: str) -> Statement:
    """The statement that `text` is. Raises `UnfitStatement` without a date in its first line, or without a word."""
    first, _, body = text.partition("\n")
    written = _date(first)
    if not body.strip():
        raise UnfitStatement("there is no text after the date")
    if "\0" in text:
        raise UnfitStatement("the text holds a NUL character")
    version = f"{written.isoformat()}-{sha256(text.encode()).hexdigest()[:8]}"
    return Statement(version=version, date=written, text=text, html=_rendered(body))


def _date(first_line: str) -> date:
    found = _FIRST_LINE.fullmatch(first_line)
    try:
        return date.fromisoformat(found[1] if found else "")
    except ValueError as error:
        raise UnfitStatement("write the date in the first line, like date: 2026-11-22") from error


def _rendered(body: str) -> str:
    markdown = MarkdownIt("commonmark", {"html": False}).disable("image")
    tokens = markdown.parse(body)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + _DEEPER_BY, _DEEPEST)}"
        token.children = _without_foreign_links(token.children or [])
    return str(markdown.renderer.render(tokens, markdown.options, {}))


def _without_foreign_links(children: list[Token]) -> list[Token]:
    """Links do not nest, so the end that follows a foreign beginning is its own."""
    kept, is_foreign = [], False
    for child in children:
        if child.type == "link_open":
            is_foreign = not _LINK.match(str(child.attrGet("href")))
        if not (is_foreign and child.type in {"link_open", "link_close"}):
            kept.append(child)
    return kept
