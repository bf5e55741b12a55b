"""A gateway that asks `/verify` under its own name; every answer is checked for what all of them promise."""

from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.test import Client, TestResponse

VERIFY = "/verify"
UPSTREAM = "http://portal_upstream:8002"
IDENTITY = ("Account", "User", "Role", "Scopes", "Token", "Token-Kind")


@dataclass(frozen=True)
class Gateway:
    """One that hands over what its caller sent."""

    app: Flask

    def ask(
        self, secret: str | None = None, path: str = VERIFY, *, method: str = "GET", **options: Any
    ) -> TestResponse:
        """The answer about `secret`, carried as a bearer token; without one, about what `options` carry."""
        headers = dict(options.pop("headers", {}))
        if secret is not None:
            headers["Authorization"] = f"Bearer {secret}"
        options.setdefault("base_url", UPSTREAM)
        answer = Client(self.app).open(path, method=method, headers=headers, buffered=True, **options)
        assert wrong_with(answer) == []
        return answer


def wrong_with(answer: TestResponse) -> list[str]:
    """What breaks the promise of all answers: four statuses, nothing kept, identity on the good ones alone."""
    names = [f"X-Portal-{name}" for name in IDENTITY]
    told = [answer.headers.get(name) for name in names if name in answer.headers]
    is_good = answer.status_code == 204
    promises = {
        "status": answer.status_code in {204, 401, 403, 503},
        "kept": answer.headers.get_all("Cache-Control") == ["no-store"],
        "cookie": "Set-Cookie" not in answer.headers,
        "identity": len(told) == (len(names) if is_good else 0) and all(one and one.isascii() for one in told),
        "body": not (is_good and answer.data),
        "challenge": ("WWW-Authenticate" in answer.headers) or answer.status_code != 401,
        "when to come back": ("Retry-After" in answer.headers) is (answer.status_code == 503),
        "header values": not any("\n" in value or "\r" in value for _, value in answer.headers),
    }
    return [name for name, is_kept in promises.items() if not is_kept]


def identity(answer: TestResponse) -> dict[str, str]:
    """Who the answer says it is: `User` → id."""
    return {name: answer.headers[f"X-Portal-{name}"] for name in IDENTITY}


def code(answer: TestResponse) -> str:
    """The code of a refusal."""
    return str(answer.get_json()["code"])
