"""The collection for Postman: whole by the rules of its format, one request for each call, and no token in it."""

import json
import re

import pytest

from portal.developers.postman import collection
from portal.developers.reference import read_reference
from portal.tokens.secret import pattern_for
from tests.builders import make_token
from tests.developers.by_hand import DOCUMENT

PATH = "/developers/portal.postman_collection.json"
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def read():
    return read_reference(DOCUMENT)


@pytest.fixture(scope="module")
def made(read):
    return collection(read, name="Portal", public_url="https://portal.example")


def requests_in(made):
    return {one["name"]: one["request"] for folder in made["item"] for one in folder["item"]}


def broken(made):
    """What breaks the schema v2.1.0 of collections: what it demands, and the kinds of values in it."""
    found = [key for key in ("info", "item") if key not in made]
    info = made["info"]
    found += [f"info.{key}" for key in ("name", "schema") if not isinstance(info.get(key), str)]
    if not info["schema"].endswith("/json/collection/v2.1.0/collection.json"):
        found.append("info.schema")
    found += [f"folder {folder}" for folder in made["item"] if not isinstance(folder["item"], list)]
    found += [f"variable {one}" for one in made["variable"] if set(one) != {"key", "value", "type"}]
    for name, request in requests_in(made).items():
        found += [f"{name}: {problem}" for problem in _broken_request(request)]
    return found


def _broken_request(request):
    url, body = request["url"], request.get("body")
    if request["method"] not in {"GET", "POST", "PATCH", "PUT", "DELETE"}:
        yield "method"
    if not isinstance(url["raw"], str) or not all(isinstance(part, str) for part in (*url["host"], *url["path"])):
        yield "url"
    for pair in (*request["header"], *url["query"]):
        if not isinstance(pair["key"], str) or not isinstance(pair["value"], str):
            yield f"pair {pair}"
    if {f":{one['key']}" for one in url["variable"]} != {part for part in url["path"] if part.startswith(":")}:
        yield "path variables"
    if body and (body["mode"] not in {"raw", "urlencoded"} or body["mode"] not in body):
        yield "body"
    if request.get("auth", {"type": "noauth"})["type"] != "noauth":
        yield "auth"


def test_it_keeps_the_rules_of_its_format(made):
    assert broken(made) == []
    assert json.loads(json.dumps(made)) == made


def test_each_call_is_one_request_in_the_folder_of_its_group(read, made):
    folders = {folder["name"]: [one["name"] for one in folder["item"]] for folder in made["item"]}

    assert folders == {group.name: [call.summary for call in group.operations] for group in read.groups}


def test_address_and_token_are_variables_and_the_token_is_empty_and_secret(made):
    assert made["variable"] == [
        {"key": "base_url", "value": "https://portal.example", "type": "string"},
        {"key": "token", "value": "", "type": "secret"},
    ]
    assert made["auth"] == {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]}
    assert all(request["url"]["raw"].startswith("{{base_url}}/") for request in requests_in(made).values())


def test_a_body_is_the_example_of_the_document(made):
    requests = requests_in(made)

    assert json.loads(requests["Make a token"]["body"]["raw"])["name"] == "Alice's badges"
    assert requests["Ask what a token is worth"]["body"]["urlencoded"] == [
        {"key": "token", "value": "YOUR_TOKEN", "type": "text"}
    ]


def test_what_may_be_left_out_is_there_and_switched_off(made):
    requests = requests_in(made)

    assert [pair["disabled"] for pair in requests["List your tokens"]["url"]["query"]] == [True, True]
    (key,) = [pair for pair in requests["Make a token"]["header"] if pair["key"] == "Idempotency-Key"]
    assert key["disabled"] is True


def test_what_a_path_names_is_a_variable_with_its_example(made):
    url = requests_in(made)["Revoke a token"]["url"]

    assert url["raw"] == "{{base_url}}/api/v1/tokens/:reference"
    assert url["variable"][0]["value"] == "self"


def test_a_call_without_token_sends_none(made):
    requests = requests_in(made)

    assert requests["Read this document"]["auth"] == {"type": "noauth"}
    assert "auth" not in requests["List your tokens"]


@SQLITE
def test_it_is_downloaded_as_a_file_that_is_whole(app, stranger):
    answer = stranger.client.get(PATH, base_url=stranger.base_url)

    assert answer.headers["Content-Disposition"] == 'attachment; filename="portal.postman_collection.json"'
    assert answer.mimetype == "application/json"
    assert broken(answer.get_json()) == []


@SQLITE
@pytest.mark.parametrize("who", ["stranger", "alice"])
def test_ac_046_it_holds_no_token(who, request, app, cast, database):
    make_token(database, cast.alice)
    browser = request.getfixturevalue(who)

    text = browser.client.get(PATH, base_url=browser.base_url).get_data(as_text=True)

    assert not re.search(pattern_for(("pat", "acc", "svc")), text)


@pytest.mark.parametrize("path", [PATH, "/developers/reference/getMe"])
def test_for_members_alone_neither_it_nor_a_call_is_shown_to_a_stranger(path, house_with):
    closed = house_with(developers="members")

    assert closed.stranger.get(path).location == f"/sign-in?next={path}"
    browser = closed.browser_of(closed.cast.bob)
    assert browser.client.get(path, base_url=browser.base_url).status_code == 200
