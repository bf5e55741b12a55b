"""What is written on the pages: samples of code, and the rows of small tables."""

from typing import Any

from tests.page import Page


def code_after(page: Page, anchor: str) -> list[str]:
    """The pieces of code in the section of that heading."""
    pieces = page.all(f"//h2[@id='{anchor}']/ancestor::section[1]//pre")
    return [piece.text_content() for piece in pieces]


def sample(page: Page, language: str) -> str:
    """The sample in that language."""
    (piece,) = page.all(f"//*[@data-sample='{language}']//pre")
    return str(piece.text_content())


def facts(page: Page, anchor: str) -> dict[str, tuple[str, ...]]:
    """The rows of the small tables in the section of that heading: head → the cells beside it."""
    rows = page.all(f"//h2[@id='{anchor}']/ancestor::section[1]//tbody/tr")
    return {_text(row.xpath("th")[0]): tuple(_text(cell) for cell in row.xpath("td")) for row in rows}


def _text(element: Any) -> str:
    return " ".join(element.text_content().split())
