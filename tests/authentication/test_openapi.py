"""The OpenAPI document as it is put together; what it tells of the portal's own calls is tested with the API."""

from portal.accounts.models import Role
from portal.authentication.described import DOCUMENT, described
from portal.authentication.needs import NEEDS, Needs
from portal.authentication.openapi import Route, document
from portal.clock import utc_now
from portal.tokens.models import Kind
from tests.conftest import settings_for


def told(tmp_path, *routes):
    return document(routes, settings_for("sqlite:///portal.db", tmp_path), now=utc_now())


def route(rule="/api/v1/new", method="GET", *, needs=None, **differs):
    def view():
        """The first line,
        which goes on here.

        Another paragraph.
        """

    words = {"tag": DOCUMENT, "summary": "New", "answer": None, "status": 204, "errors": (), **differs}
    described("doNew", **words)(view)
    if needs:
        setattr(view, NEEDS, needs)
    return Route(method, rule, view)


def test_of_no_routes_it_tells_none(tmp_path):
    found = told(tmp_path)

    assert (found["paths"], found["tags"], list(found["components"]["schemas"])) == ({}, [], ["Problem"])


def test_what_is_not_described_is_not_told(tmp_path):
    assert told(tmp_path, Route("GET", "/pages", lambda: ""))["paths"] == {}


def test_the_docstring_is_the_description_a_line_for_each_paragraph(tmp_path):
    operation = told(tmp_path, route())["paths"]["/api/v1/new"]["get"]

    assert operation["description"] == "The first line, which goes on here.\n\nAnother paragraph."
    assert list(operation["responses"]) == ["204", "400", "405", "500"]


def test_a_role_and_a_place_in_the_path_bring_their_refusals(tmp_path):
    needs = Needs(scope=None, role=Role.OWNER, kinds=frozenset(Kind))
    operation = told(tmp_path, route("/api/v1/new/<int:number>", needs=needs))["paths"]["/api/v1/new/{number}"]["get"]

    assert (operation["x-role"], operation["responses"]["403"]["x-codes"]) == ("owner", ["forbidden"])
    assert operation["responses"]["404"]["x-codes"] == ["not_found"]
    assert [place["name"] for place in operation["parameters"]] == ["number"]
