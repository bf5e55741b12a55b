"""Markdown of an operator as HTML that is safe in a page: no HTML of its own, no pictures, no foreign links."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token

_DEEPEST = 6
_LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)


def render_markdown(text: str, *, below: int) -> str:
    """`text` as HTML. Its headings begin one below the page's heading of the level `below`."""
    # Late: it takes 50 ms of a start, for one page that few people open.
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False}).disable("image")
    tokens = markdown.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + below, _DEEPEST)}"
        token.children = _without_foreign_links(token.children or [])
    return str(markdown.renderer.render(tokens, markdown.options, {}))


def _without_foreign_links(children: "list[Token]") -> "list[Token]":
    """Only `http`, `https` and `mailto`. Links do not nest, so the end that follows a foreign beginning is its own."""
    kept, is_foreign = [], False
    for child in children:
        if child.type == "link_open":
            is_foreign = not _LINK.match(str(child.attrGet("href")))
        if not (is_foreign and child.type in {"link_open", "link_close"}):
            kept.append(child)
    return kept
