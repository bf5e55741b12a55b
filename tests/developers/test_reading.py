"""What is read out of an OpenAPI document: fields in words, what a call needs, how it is typed in three languages."""

import pytest

from portal.developers.reference import read_reference
from portal.developers.samples import samples_of
from portal.developers.schemas import Definitions
from portal.developers.written import written
from portal.errors import NotFound
from tests.developers.by_hand import DOCUMENT

URL = "https://portal.example"


@pytest.fixture(scope="module")
def read():
    return read_reference(DOCUMENT)


def told(schema):
    """Type and limits of a field with that schema."""
    field = Definitions({}).field("x", schema, is_required=False)
    return field.type, " ".join(field.limits)


@pytest.mark.parametrize(
    ("schema", "type_", "limits"),
    [
        ({"type": "integer", "minimum": 0, "maximum": 7}, "integer", "0 to 7."),
        ({"type": "integer", "minimum": 7}, "integer", "7 or more."),
        ({"type": "integer", "minimum": 1, "maximum": 2**63 - 1}, "integer", ""),
        ({"type": "string", "minLength": 1}, "string", ""),
        ({"type": "string", "maxLength": 9}, "string", "At most 9 characters."),
        ({"type": "array", "items": {"type": "string"}, "minItems": 2}, "list of string", "2 entries or more."),
        ({"type": "array"}, "list", ""),
        ({"enum": ["a", "b"], "default": "a"}, "string", "One of: a, b. Left out: a."),
        ({"type": "string", "format": "date-time"}, "time", ""),
        ({"type": ["string", "null"], "format": "date-time"}, "time or null", ""),
        ({"anyOf": [{"type": "integer", "maximum": 3}, {"type": "null"}]}, "integer or null", "At most 3."),
        ({}, "any", ""),
    ],
)
def test_a_schema_is_told_in_words(schema, type_, limits):
    assert told(schema) == (type_, limits)


def test_fields_of_fields_have_the_way_to_them_in_front(read):
    (me,), (listed,) = read.find("getMe").answers, read.find("listTokens").answers

    assert [field.name for field in me.fields] == ["user", "user.id", "role"]
    assert "items[].created_at" in [field.name for field in listed.fields]


def test_a_schema_that_holds_itself_ends_somewhere():
    node = {"type": "object", "properties": {"next": {"$ref": "#/node"}}}

    found = Definitions({"node": node}).fields(node)

    assert [field.name for field in found][:2] == ["next", "next.next"]
    assert len(found) < 9


def test_what_stands_beside_a_reference_counts():
    found = Definitions({"a/b": {"type": "string", "description": "There."}}).resolved(
        {"$ref": "#/a~1b", "description": "Here."}
    )

    assert found == {"type": "string", "description": "Here."}


def test_the_groups_are_those_of_the_document_in_its_order(read):
    assert [group.name for group in read.groups] == [
        "You",
        "Personal access tokens",
        "For services",
        "This document",
    ]
    assert read.groups[0].about == "Who a call acts as."


def test_a_call_is_told_whole(read):
    call = read.find("createToken")

    assert (call.method, call.path, call.scope, call.kinds) == (
        "POST",
        "/api/v1/tokens",
        "tokens:write",
        ("personal",),
    )
    assert call.codes == ("token_missing", "token_revoked", "name_taken", "already_done", "rate_limited")
    assert [field.name for field in call.at("header")] == ["Idempotency-Key"]
    assert [field.name for field in call.answers[0].headers] == ["Location"]


def test_what_a_path_tells_once_holds_for_each_of_its_methods(read):
    (field,) = read.find("revokeToken").at("path")

    assert (field.name, field.is_required, field.example) == ("reference", True, "self")


def test_a_call_that_needs_no_token_names_no_kind(read):
    assert read.find("getOpenapi").kinds == ()


def test_which_calls_change_and_which_end_something(read):
    told = {call.id: (call.is_read, call.is_end) for call in read.operations}

    assert told == {
        "getMe": (True, False),
        "listTokens": (True, False),
        "createToken": (False, False),
        "revokeToken": (False, True),
        "introspect": (True, False),
        "getOpenapi": (True, False),
    }


def test_there_is_no_other_call(read):
    with pytest.raises(NotFound):
        read.find("makeMoney")


def test_a_value_is_written_one_field_a_line():
    value = {"a": [1, 2], "b": [{"c": None}], "d": {}, "e": []}

    assert written(value) == (
        '{\n  "a": [1, 2],\n  "b": [\n    {\n      "c": null\n    }\n  ],\n  "d": {},\n  "e": []\n}'
    )


CREATE = {
    "curl": """\
curl -H "Authorization: Bearer YOUR_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{
  "name": "Alice'"'"'s badges",
  "expires_at": null,
  "scopes": ["account:read"]
}' \\
  https://portal.example/api/v1/tokens""",
    "Python": """\
import requests

token = "YOUR_TOKEN"
answer = requests.post(
    "https://portal.example/api/v1/tokens",
    headers={"Authorization": f"Bearer {token}"},
    json={
        "name": "Alice's badges",
        "expires_at": None,
        "scopes": ["account:read"]
    },
    timeout=10,
)
print(answer.status_code, answer.json())""",
    "JavaScript": """\
const token = "YOUR_TOKEN";
const answer = await fetch("https://portal.example/api/v1/tokens", {
  method: "POST",
  headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
  body: JSON.stringify({
    "name": "Alice's badges",
    "expires_at": null,
    "scopes": ["account:read"]
  }),
});
console.log(answer.status, await answer.json());""",
}


def test_a_call_with_a_body_is_typed_as_people_would(read):
    assert samples_of(read.find("createToken"), URL) == CREATE


def test_a_call_without_body_and_answer_is_one_line_in_a_shell(read):
    samples = samples_of(read.find("revokeToken"), URL)

    assert samples["curl"] == f'curl -X DELETE -H "Authorization: Bearer YOUR_TOKEN" {URL}/api/v1/tokens/self'
    assert samples["Python"].endswith("print(answer.status_code)")
    assert samples["JavaScript"].endswith("console.log(answer.status);")


def test_a_form_is_sent_as_a_form(read):
    samples = samples_of(read.find("introspect"), URL)

    assert "-d token=YOUR_TOKEN" in samples["curl"]
    assert 'data={\n        "token": "YOUR_TOKEN"\n    }' in samples["Python"]
    assert 'body: new URLSearchParams({\n    "token": "YOUR_TOKEN"\n  })' in samples["JavaScript"]


def test_a_call_that_needs_no_token_shows_none(read):
    samples = samples_of(read.find("getOpenapi"), URL)

    assert samples["curl"] == f"curl {URL}/api/v1/openapi.json"
    assert all("YOUR_TOKEN" not in text for text in samples.values())
