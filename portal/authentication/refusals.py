"""What each call can be refused with, as the OpenAPI document tells it: codes, schema, examples. No Flask."""

from typing import Any

from portal.authentication.described import Description
from portal.authentication.needs import Needs
from portal.authentication.schemas import REFERENCE, Schema
from portal.problems import OAUTH_PATHS, PROBLEMS, Problem
from portal.tokens.models import Kind

PROBLEM_JSON = "application/problem+json"
# Answered under whatever name we are called by, so without `bad_host`.
_ANY_HOST = frozenset({"/introspect"})

_OF_A_TOKEN = (
    "ambiguous_credentials",
    *(code for code, problem in PROBLEMS.items() if problem.status == 401),
    "rate_limited",
    "unavailable",
)
_OF_A_BODY = ("too_large", "unsupported_media_type")
_MORE: dict[str, dict[str, Any]] = {
    "validation_failed": {"errors": [{"pointer": "/name", "detail": "Enter a name."}]},
    "already_done": {"id": 17, "token_prefix": "pat_aB3xYz9W…"},
}


def codes_of(description: Description, needs: Needs | None, *, path: str) -> set[str]:
    """Every code that the call can be refused with."""
    codes = {*description.errors, "method_not_allowed", "internal_error"}
    if path not in _ANY_HOST:
        codes.add("bad_host")
    if needs is not None:
        codes |= {*_OF_A_TOKEN, *_of_rights(needs)}
    if "{" in path:
        codes.add("not_found")
    if description.query is not None or description.once or (description.body is not None and not description.is_form):
        codes.add("validation_failed")
    if description.body is not None:
        codes |= {*_OF_A_BODY, "malformed_form" if description.is_form else "malformed_json"}
    return codes


def _of_rights(needs: Needs) -> set[str]:
    is_for_some = needs.role is not None or needs.kinds != frozenset(Kind)
    return {*(("forbidden",) if is_for_some else ()), *(("insufficient_scope",) if needs.scope else ())}


def refusal(codes: list[str], public_url: str, *, path: str) -> dict[str, Any]:
    """The response of one status: its codes, and an example of each."""
    told = [PROBLEMS[code] for code in codes]
    schema = {"allOf": [{"$ref": f"{REFERENCE}Problem"}], "properties": {"code": {"enum": codes}}}
    examples = {
        problem.code: {"summary": problem.title, "value": _example(problem, public_url, path=path)} for problem in told
    }
    return {
        "description": " ".join(f"`{problem.code}`: {problem.meaning}" for problem in told),
        "x-codes": codes,
        "content": {PROBLEM_JSON: {"schema": schema, "examples": examples}},
    }


def _example(problem: Problem, public_url: str, *, path: str) -> dict[str, Any]:
    told = problem.told(public_url, problem.meaning)
    oauth = {"error": problem.oauth_error} if path in OAUTH_PATHS and problem.oauth_error else {}
    return {**told, **_MORE.get(problem.code, {}), **oauth}


def problem_schema() -> Schema:
    """The schema of every refusal."""
    return {
        "type": "object",
        "description": "A refusal (RFC 9457). Programs read `code`, people `detail`.",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": _text("The address of the page that says what to do.", format="uri"),
            "title": _text("What is wrong, the same for every answer with this code."),
            "status": {"type": "integer", "description": "The status of the answer.", "minimum": 400, "maximum": 599},
            "detail": _text("What is wrong with this very call."),
            "code": _text("The name of the reason; it never changes.", enum=list(PROBLEMS)),
            "errors": {
                "type": "array",
                "description": "With `validation_failed`: each value that cannot be taken.",
                "items": _field_error_schema(),
            },
            "id": {"type": "integer", "description": "With `already_done`: the token that was made.", "minimum": 1},
            "token_prefix": _text("With `already_done`: how the secret of that token begins."),
            "error": _text("What OAuth clients read: at `/introspect` and `/revoke` alone."),
        },
    }


def _field_error_schema() -> Schema:
    pointer = _text("Where it stands: a JSON pointer (RFC 6901), or `/` and the name of a query field or header.")
    return {
        "type": "object",
        "required": ["pointer", "detail"],
        "properties": {"pointer": pointer, "detail": _text("What to change.")},
    }


def _text(description: str, **more: Any) -> Schema:
    return {"type": "string", "description": description, **more}
