"""Programs in the folder `examples` that pages show: the very text that lies there and is tested there. No Flask."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent.parent / "examples"


@cache
def example(path: str) -> str:
    """The text of that file: `events/listen.py`."""
    return (FOLDER / path).read_text()
