"""Every address of the portal and every row of its database: for tests that hold everywhere."""

from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal.accounts.guards import PROGRAMS
from portal.database import Base, Database
from tests.page import Browser

STATIC_FILE = "js/main.js"


@dataclass(frozen=True)
class Route:
    """One rule of the app with one of its methods; `path` has an id in place of each variable."""

    endpoint: str
    rule: str
    method: str
    path: str

    @property
    def is_page(self) -> bool:
        return not self.rule.startswith((*PROGRAMS, "/static/"))


def routes(app: Flask, *, token_id: int = 1) -> list[Route]:
    """Each rule with each of its methods, HEAD left out. `token_id` stands wherever an address names a token."""
    values = {
        "token_id": str(token_id),
        "reference": str(token_id),
        "version": "old",
        "filename": STATIC_FILE,
        "operation": "getMe",
    }
    found = [
        Route(rule.endpoint, rule.rule, method, _filled(rule, values))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in {"HEAD", "OPTIONS"}
    ]
    return sorted(found, key=lambda route: (route.rule, route.method))


def pages(app: Flask, *, token_id: int = 1) -> list[Route]:
    """The addresses of pages that can be opened."""
    return [route for route in routes(app, token_id=token_id) if route.is_page and route.method == "GET"]


def ask(browser: Browser, route: Route, **options: Any) -> TestResponse:
    """The answer as it is, not read as a page."""
    return browser.client.open(route.path, method=route.method, base_url=browser.base_url, buffered=True, **options)


def all_rows(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, last uses aside: two of these are equal when nothing was changed in between."""
    with database.reading() as session:
        return {
            table.name: [
                tuple(row)
                for row in session.execute(
                    select(*(column for column in table.columns if column.name != "last_used_at")).order_by(
                        *table.primary_key
                    )
                )
            ]
            for table in Base.metadata.sorted_tables
        }


def _filled(rule: Rule, values: dict[str, str]) -> str:
    path = "".join(data if not is_dynamic else values[data] for is_dynamic, data in rule._trace)
    return "/" + path.split("|/", 1)[1]
