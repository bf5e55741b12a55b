"""`/developers/reference`: every call of the API has a page, which tells what the document tells, and no secret."""

import re
from html import unescape

import pytest

from portal.developers.calls import HEADER, PATH
from portal.developers.views import kept_reference
from portal.problems import PROBLEMS
from portal.tokens.scopes import OWN_SCOPES
from portal.tokens.secret import pattern_for
from tests.builders import make_token
from tests.everything import routes

# The pages ask no database; one kind is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

INDEX = "/developers/reference"
SECRET = re.compile(pattern_for(("pat", "acc", "svc")))


@pytest.fixture
def calls(app):
    with app.test_request_context(base_url="http://localhost:8000"):
        return kept_reference().operations


@pytest.fixture
def pages(calls, stranger):
    """The page of each call, by the call."""
    return [(call, stranger.get(f"{INDEX}/{call.id}")) for call in calls]


def test_the_index_leads_to_every_call_and_says_what_it_needs(calls, stranger):
    page = stranger.get(INDEX)

    assert page.h1 == "Reference"
    for call in calls:
        (row,) = page.all(f"//li[a/@href='{INDEX}/{call.id}']")
        told = " ".join(row.text_content().split())
        assert all(word in told for word in (call.summary, f"{call.method} {call.path}", call.scope or ""))


def test_every_call_of_the_json_api_is_in_it(app, calls):
    told = {(call.method, re.sub(r"{\w+}", "*", call.path)) for call in calls}
    found = {(route.method, re.sub(r"<[^>]+>", "*", route.rule)) for route in routes(app)}

    assert {(method, path) for method, path in found if path.startswith("/api/v1/")} <= told


def test_each_page_tells_what_the_call_needs_takes_and_answers(pages):
    for call, page in pages:
        assert (page.status, page.h1) == (200, call.summary)
        assert f"{call.method} {call.path}" in page.main
        names = [parameter.field.name for parameter in call.parameters]
        names += [field.name for field in (call.body.fields if call.body else ())]
        names += [field.name for answer in call.answers for field in answer.fields]
        shown = [" ".join(code.text_content().split()) for code in page.all("//dt/code")]
        assert set(names) <= set(shown), call.id
        assert all(str(answer.status) in page.main for answer in call.answers)


def test_each_code_leads_to_its_place_among_the_errors(pages, stranger):
    places = set(stranger.get("/developers/errors").all("//*/@id"))

    for call, page in pages:
        links = page.all("//a[starts-with(@href, '/developers/errors#')]/@href")
        assert set(call.codes) <= set(PROBLEMS)
        assert sorted(links) == sorted(f"/developers/errors#{code}" for code in call.codes)
        assert set(call.codes) <= places


def test_every_link_of_the_pages_leads_somewhere(pages, stranger, alice):
    links = {link.partition("#")[0] for _, page in pages for link in page.all("//main//a/@href")}
    links |= set(stranger.get(INDEX).all("//main//a/@href"))

    met = {link: alice.client.get(link, base_url=alice.base_url).status_code for link in links if link}

    assert set(met.values()) == {200}


def test_an_unknown_call_is_no_page(stranger):
    assert stranger.get(f"{INDEX}/makeMoney").status == 404


def test_the_samples_are_about_this_portal_and_this_call(pages):
    for call, page in pages:
        curl, python, javascript = page.all("//*[@data-sample]//code")
        start = f"http://localhost:8000{call.path.partition('{')[0]}"
        assert all(start in sample.text_content() for sample in (curl, python, javascript))
        assert f"requests.{call.method.lower()}(" in python.text_content()


@pytest.mark.parametrize("who", ["stranger", "alice"])
def test_ac_046_no_page_holds_a_token_but_the_placeholder(who, request, calls, cast, database):
    make_token(database, cast.alice)
    browser = request.getfixturevalue(who)

    for path in (INDEX, *(f"{INDEX}/{call.id}" for call in calls)):
        text = unescape(browser.get(path).response.text)
        assert not SECRET.search(text), path
        assert set(re.findall(r"Bearer ([^\s\"`]+)", text)) <= {"YOUR_TOKEN", "${token}", "{token}"}, path


class TestForm:
    def test_it_is_hidden_without_a_script_and_a_sentence_says_so(self, pages):
        for _, page in pages:
            (form,) = page.all("//form[@data-try-it]")
            assert form.get("hidden") is not None
            assert "needs a script" in page.main

    def test_no_field_has_a_name_so_that_none_can_get_into_an_address(self, pages):
        for _, page in pages:
            assert page.all("//form[@data-try-it]//*[@name]") == []
            assert page.all("//form[@data-try-it]/@action | //form[@data-try-it]/@method") == []

    def test_it_asks_for_a_token_where_the_call_needs_one(self, pages):
        for call, page in pages:
            types = page.all("//input[@data-in='token']/@type")
            assert types == (["password"] if call.kinds else []), call.id

    def test_the_link_to_a_new_token_asks_for_what_the_call_needs(self, pages, alice):
        for call, page in pages:
            link = page.links().get("Make one")
            assert (link is not None) is (bool(call.kinds) and not call.is_for_services)
            if call.scope in OWN_SCOPES:
                form = alice.get(link)
                assert form.all("//input[@name='scopes'][@checked]/@value") == [call.scope]

    def test_it_has_a_field_for_each_parameter_and_the_example_as_body(self, pages):
        for call, page in pages:
            fields = page.all("//form[@data-try-it]//*[@data-field]/@data-field")
            names = [parameter.field.name for parameter in call.parameters]
            if call.body and call.body.is_json:
                (body,) = page.all("//textarea[@data-in='json']")
                assert body.text_content() == call.body.text
            elif call.body:
                names += [field.name for field in call.body.fields]
            assert fields == names

    def test_what_really_changes_something_says_so(self, pages):
        for call, page in pages:
            assert ("This really happens" in page.main) is not call.is_read, call.id
            button = page.all("//form[@data-try-it]//button")[0]
            assert ("button--danger" in button.get("class")) is call.is_end


def test_what_must_be_given_has_an_example(calls):
    for call in calls:
        needed = [field for field in (*call.at(PATH), *call.at(HEADER)) if field.is_required]
        assert all(field.example is not None for field in needed), call.id
        assert call.body is None or call.body.example is not None, call.id
