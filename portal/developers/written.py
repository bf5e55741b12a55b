"""A value of JSON as people write it: one field a line, a short list on one. No Flask."""

import json
from collections.abc import Callable, Mapping

Scalar = Callable[[object], str]


def as_json(value: object) -> str:
    """`value` on one line."""
    return json.dumps(value, ensure_ascii=False)


def written(value: object, *, indent: int = 2, at: int = 0, scalar: Scalar = as_json) -> str:
    """`value` on as many lines as it needs, all but the first `at` blanks to the right.

    `scalar` writes what holds nothing else: in the code of another language true, false and null have other names.
    """
    if isinstance(value, Mapping):
        inner = [
            f"{scalar(name)}: {written(one, indent=indent, at=at + indent, scalar=scalar)}"
            for name, one in value.items()
        ]
        return _block("{", inner, "}", indent=indent, at=at)
    if isinstance(value, list) and any(isinstance(one, Mapping | list) for one in value):
        inner = [written(one, indent=indent, at=at + indent, scalar=scalar) for one in value]
        return _block("[", inner, "]", indent=indent, at=at)
    if isinstance(value, list):
        return f"[{', '.join(map(scalar, value))}]"
    return scalar(value)


def _block(start: str, lines: list[str], end: str, *, indent: int, at: int) -> str:
    if not lines:
        return start + end
    before = "\n" + " " * (at + indent)
    return f"{start}{before}{f',{before}'.join(lines)}\n{' ' * at}{end}"
