"""The files that pages name: kept for ever, compressed, not sent twice, and no business of the session's."""

import gzip
import re

import pytest

from portal.app import ROOT

# No file asks the database; one kind is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FOR_EVER = "public, max-age=31536000, immutable"


def get(browser, path, **headers):
    with browser.client.get(path, base_url=browser.base_url, headers=headers, buffered=True) as answer:
        return answer


def script_of(browser, page="/sign-in"):
    """The address of the script, as that page names it."""
    return browser.get(page).all("//script/@src")[0]


def test_every_file_that_a_page_names_may_be_kept_for_ever(stranger):
    page = stranger.get("/sign-in")
    named = page.all("//link/@href | //script/@src | //*[local-name()='use']/@href")

    answers = {path: get(stranger, path.partition("#")[0]) for path in named}

    assert len(answers) >= 4
    assert {(answer.status_code, answer.headers["Cache-Control"]) for answer in answers.values()} == {(200, FOR_EVER)}


def test_what_a_script_imports_lies_beside_it_under_the_same_version(stranger):
    path = script_of(stranger)
    imported = re.findall(r'from "\./([^"]+)"', get(stranger, path).get_data(as_text=True))

    assert imported
    for name in imported:
        answer = get(stranger, f"{path.rpartition('/')[0]}/{name}")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, FOR_EVER), name


def test_another_version_gets_our_files_and_does_not_keep_them(stranger):
    answer = get(stranger, "/static/old/js/main.js")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [("gzip, br", "gzip"), ("*", "gzip"), ("gzip;q=0, br", None), ("identity", None), ("", None)],
)
def test_files_are_compressed_for_who_reads_that(accepts, encoding, stranger):
    answer = get(stranger, script_of(stranger), **{"Accept-Encoding": accepts})

    text = gzip.decompress(answer.data) if encoding else answer.data
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert text == (ROOT / "static/js/main.js").read_bytes()


def test_a_file_that_was_not_changed_is_not_sent_again(stranger):
    for accepts in ("gzip", "identity"):
        first = get(stranger, script_of(stranger), **{"Accept-Encoding": accepts})
        again = get(
            stranger, script_of(stranger), **{"Accept-Encoding": accepts, "If-None-Match": first.headers["ETag"]}
        )

        assert (again.status_code, again.data) == (304, b"")
        for name in ("ETag", "Cache-Control", "Vary"):
            assert again.headers[name] == first.headers[name]


def test_the_two_forms_of_a_file_are_not_taken_for_each_other(stranger):
    plain, packed = (get(stranger, script_of(stranger), **{"Accept-Encoding": name}) for name in ("identity", "gzip"))

    again = get(stranger, script_of(stranger), **{"Accept-Encoding": "gzip", "If-None-Match": plain.headers["ETag"]})

    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert again.status_code == 200


def test_a_signed_in_person_sets_no_cookie_and_opens_no_session_by_loading_files(alice):
    answer = get(alice, script_of(alice, "/settings/profile"))

    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("css/base.css", "text/css; charset=utf-8"),
        ("js/main.js", "text/javascript; charset=utf-8"),
        ("img/icons.svg", "image/svg+xml; charset=utf-8"),
    ],
)
def test_a_file_says_what_it_is(path, content_type, stranger):
    answer = get(stranger, f"/static/old/{path}")

    assert answer.content_type == content_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
