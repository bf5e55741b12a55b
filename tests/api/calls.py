"""A program that calls the JSON API; every answer is checked for what all answers carry."""

from dataclasses import dataclass, replace
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from portal.problems import PROBLEMS

BASE_URL = "http://localhost:8000"
TOKENS = "/api/v1/tokens"
ME = "/api/v1/me"


@dataclass(frozen=True)
class Program:
    """A program with a token, or without one. Keeps no cookie between calls."""

    app: Flask
    secret: str | None = None

    def with_token(self, secret: str | None) -> "Program":
        return replace(self, secret=secret)

    def get(self, path: str = ME, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str = TOKENS, **options: Any) -> TestResponse:
        return self.call("POST", path, **options)

    def patch(self, path: str, **options: Any) -> TestResponse:
        return self.call("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.call("DELETE", path, **options)

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        if self.secret is not None:
            headers.setdefault("Authorization", f"Bearer {self.secret}")
        options.setdefault("base_url", BASE_URL)
        # Buffered: the answer is closed, as the server does it, and the access log has its line.
        options.setdefault("buffered", True)
        client = self.app.test_client(use_cookies=False)
        answer = client.open(path, method=method, headers=headers, **options)
        assert wrong_with(answer) == []
        return answer


def wrong_with(answer: TestResponse) -> list[str]:
    """What an answer of the API lacks among what all of them carry."""
    wanted = {
        "Cache-Control": "no-store",
        "Vary": "Authorization, X-Access-Token, X-Api-Token",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    }
    wrong = [name for name, value in wanted.items() if answer.headers.get_all(name) != [value]]
    if not answer.headers.get("X-Request-Id"):
        wrong.append("X-Request-Id")
    if answer.headers.get("Set-Cookie") or any(name.startswith("Access-Control") for name, _ in answer.headers):
        wrong.append("a cookie or CORS")
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        wrong += _wrong_with_problem(answer)
    return wrong


def _wrong_with_problem(answer: TestResponse) -> list[str]:
    body = answer.get_json() if answer.mimetype == "application/problem+json" else {}
    problem = PROBLEMS.get(body.get("code", ""))
    if problem is None:
        return ["no problem"]
    told = {"status": body["status"], "title": body["title"], "type": body["type"]}
    type_ = f"{BASE_URL}/developers/errors#{problem.code}"
    is_told = told == {"status": answer.status_code, "title": problem.title, "type": type_} and body["detail"]
    return [] if is_told and problem.status == answer.status_code else ["problem"]


def code(answer: TestResponse) -> str:
    """The code of a refusal."""
    return str(answer.get_json()["code"])


def errors(answer: TestResponse) -> dict[str, str]:
    """Pointer → detail."""
    return {error["pointer"]: error["detail"] for error in answer.get_json()["errors"]}
