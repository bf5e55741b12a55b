"""`GET /api/v1/openapi.json`: the API described by the code that serves it, whole and valid."""

import re

import pytest
from flask import Blueprint
from openapi_spec_validator import validate

from portal.accounts.guards import PROGRAMS
from portal.authentication.decorator import open_to_programs
from portal.authentication.reference import routes_in
from portal.authentication.schemas import _from_year
from portal.clock import utc_now
from portal.problems import PROBLEMS
from portal.tokens.scopes import OWN_SCOPES
from portal.tokens.secret import scanner_pattern
from tests.api.calls import BASE_URL, code
from tests.api.told import DESCRIBED, told_in
from tests.conftest import settings_for

# It is made from the code alone.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DOCUMENT = "/api/v1/openapi.json"
ONLY_FOR_OPERATORS = {"/metrics"}


def untold(app):
    """The routes of programs that the document does not tell, or not wholly."""
    told = told_in(app)
    found = []
    for route in routes_in(app):
        if route.rule.startswith(DESCRIBED):
            description = route.description
            one = told.get(description.operation) if description else None
            if one is None or wrong_with(one):
                found.append(f"{route.method} {route.rule}: {wrong_with(one) if one else 'not told'}")
    return found


def wrong_with(one):
    """What is missing of one call."""
    _, success = one.success
    answers = success.get("content", {}).values()
    wrong = [part for part in ("summary", "description", "tags", "responses") if not one.operation.get(part)]
    wrong += ["an answer's example"] * (any("example" not in answer for answer in answers))
    wrong += ["a body's example"] * (one.media_type is not None and not one.body)
    wrong += ["its refusals"] * (not {"405", "500"} <= set(one.refusals))
    wrong += ["what a guarded call is refused with"] * bool(
        one.operation["security"] and {"401", "429"} - one.refusals.keys()
    )
    for place in one.operation.get("parameters", []):
        wrong += [f"{place['name']}: {part}" for part in ("description", "example", "schema") if part not in place]
    return wrong


@pytest.fixture
def told(app):
    return told_in(app)


def test_ac_046_it_prints_nothing_that_a_secret_scanner_would_find(app):
    text = app.test_client().get(DOCUMENT, base_url=BASE_URL).text

    assert not re.search(scanner_pattern(["pat", "acc", "svc"]), text)


def test_it_is_valid_openapi_3_1(nobody):
    document = nobody.get(DOCUMENT).get_json()

    validate(document)
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": BASE_URL}]
    assert document["info"]["title"] == "Portal API"


def test_everybody_gets_the_same_with_a_token_and_without(nobody, alices):
    answers = [nobody.get(DOCUMENT), alices.get(DOCUMENT), nobody.with_token("nonsense").get(DOCUMENT)]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
    assert answers[0].content_type == "application/json"


def test_it_answers_head_and_no_other_method(nobody):
    head, options = nobody.call("HEAD", DOCUMENT), nobody.call("OPTIONS", DOCUMENT)

    assert (head.status_code, head.data) == (200, b"")
    assert (options.status_code, code(options)) == (405, "method_not_allowed")


@pytest.mark.parametrize("limits", ["address=1/900s,token=1/900s"])
def test_no_limit_counts_it(nobody, alices):
    for _ in range(3):
        assert nobody.get(DOCUMENT).status_code == alices.get(DOCUMENT).status_code == 200
    assert alices.get().status_code == 200


def test_every_route_of_programs_is_told_wholly(app):
    rules = {route.rule for route in routes_in(app) if route.rule.startswith(PROGRAMS)} - ONLY_FOR_OPERATORS

    assert {rule for rule in rules if not rule.startswith(DESCRIBED)} == set()
    assert untold(app) == []


def test_a_route_without_a_description_is_found_out(app):
    blueprint = Blueprint("new", __name__)
    blueprint.add_url_rule("/api/v1/new", "new", open_to_programs(lambda: ""))
    app.register_blueprint(blueprint)

    assert untold(app) == ["GET /api/v1/new: not told"]


def test_it_tells_nothing_that_is_not_there(app, told):
    rules = {(route.method, route.path) for route in routes_in(app)}

    assert {(one.method, one.path) for one in told.values()} <= rules


def test_every_refusal_is_one_of_the_catalogue(told):
    for one in told.values():
        for status, response in one.refusals.items():
            content = response["content"]["application/problem+json"]
            assert list(content["examples"]) == response["x-codes"], one.name
            for name, example in content["examples"].items():
                problem = PROBLEMS[name]
                assert str(problem.status) == status, (one.name, name)
                assert example["value"].items() >= problem.told(BASE_URL, problem.meaning).items()
                assert one.errors_in(example["value"], content["schema"]) == []


def test_every_code_of_the_catalogue_can_be_met_somewhere(told):
    assert {code for one in told.values() for code in one.codes} == set(PROBLEMS)


def test_every_example_fits_its_schema(told):
    for one in told.values():
        _, success = one.success
        contents = [
            *success.get("content", {}).values(),
            *one.operation.get("requestBody", {}).get("content", {}).values(),
        ]
        wrong = [error for content in contents for error in one.errors_in(content["example"], content["schema"])]
        for place in one.operation.get("parameters", []):
            wrong += one.errors_in(place["example"], place["schema"])
        assert wrong == [], one.name


def test_what_a_call_demands_is_what_its_guard_demands(told):
    assert told["createToken"].operation["x-scope"] == "tokens:write"
    assert told["createToken"].operation["x-token-kinds"] == ["personal"]
    assert told["listAccountTokens"].operation["x-role"] == "owner"
    assert told["introspect"].operation["x-token-kinds"] == ["service"]
    assert told["getOpenapi"].operation["security"] == told["revokeHeld"].operation["security"] == []
    assert {len(one.operation["security"]) for one in told.values()} == {0, 3}


def test_the_scopes_to_choose_are_those_of_this_portal(make_app, database_url, tmp_path):
    app = make_app(settings_for(database_url, tmp_path, scopes="badges:issue=Issue badges", brand="Acme"))
    document = told_in(app)["getMe"].document

    assert document["components"]["schemas"]["Scope"]["enum"] == [*OWN_SCOPES, "badges:issue"]
    assert document["info"]["title"] == "Acme API"


def test_paths_of_older_clients_are_marked_as_such(told):
    older = {one.path for one in told.values() if one.operation.get("deprecated")}

    bare = "/advanced/v1/personal_access_token"
    assert older == {"/api-tokens", "/api-tokens/{id}", "/api-tokens/self", bare, f"{bare}/"}


@pytest.mark.usefixtures("database_url")
@pytest.mark.parametrize("year", [2026, 2029, 2099, 2999, 9998, 9999])
def test_times_to_come_begin_with_this_year_or_a_later_one(year):
    pattern = re.compile(f"(?:{_from_year(year)})")

    assert [one for one in range(1000, 10000) if pattern.fullmatch(str(one))] == list(range(year, 10000))


def test_the_example_of_a_time_to_come_lies_ahead(told):
    _, made = told["createToken"].success

    ahead = f"{utc_now().year + 1}-12-31T23:59:59Z"
    assert told["createToken"].body["expires_at"] == ahead
    assert made["content"]["application/json"]["example"]["expires_at"] == ahead


def test_only_what_is_sent_must_lie_ahead(told):
    schemas = told["getMe"].document["components"]["schemas"]

    assert "pattern" in schemas["TokenWanted"]["properties"]["expires_at"]["anyOf"][0]
    assert "pattern" not in schemas["TokenJson"]["properties"]["expires_at"]["anyOf"][0]
