"""The statement: which files are taken, how they are shown, and what happens when the text changes."""

from hashlib import sha256

import pytest
from sqlalchemy import select

from portal.api_access.models import DEFAULT_STATEMENT, AgreedStatement, UnfitStatement, parse_statement, read_statement
from portal.app import create_app
from portal.errors import WrongSetting
from tests.api_access.conftest import PATH
from tests.api_access.steps import get_token, rotate, secret_on, turn_on
from tests.conftest import settings_for
from tests.page import Browser

OTHER = "date: 2026-12-01\n\nKeep it safe.\n"


@pytest.fixture
def with_other_statement(make_app, database_url, tmp_path):
    """The same person's browser at an app on the same database whose operator has changed the statement."""

    def move(browser):
        path = tmp_path / "statement.md"
        path.write_text(OTHER)
        app = make_app(settings_for(database_url, tmp_path, security_statement_file=str(path)))
        moved = app.test_client()
        with browser.client.session_transaction(base_url=browser.base_url) as cookie:
            held = dict(cookie)
        with moved.session_transaction(base_url=browser.base_url) as cookie:
            cookie.update(held)
        return Browser(moved)

    return move


def test_the_version_is_the_date_and_the_first_digits_of_the_digest():
    digits = sha256(OTHER.encode()).hexdigest()[:8]

    assert parse_statement(OTHER).version == f"2026-12-01-{digits}"


def test_the_digits_are_those_of_the_file(tmp_path):
    path = tmp_path / "statement.md"
    path.write_bytes(b"date: 2026-12-01\r\n\r\nKeep it safe.\r\n")

    assert read_statement(path).version.endswith(sha256(path.read_bytes()).hexdigest()[:8])


def test_a_mark_of_the_byte_order_is_no_part_of_the_text(tmp_path):
    path = tmp_path / "statement.md"
    path.write_bytes(b"\xef\xbb\xbf" + OTHER.encode())

    assert read_statement(path) == parse_statement(OTHER)


def test_the_default_is_as_long_as_people_read():
    words = read_statement(DEFAULT_STATEMENT).text.split()

    assert 200 <= len(words) - 2 <= 300


def test_the_page_shows_the_version_the_date_and_the_headings_below_its_own(alice):
    page = turn_on(alice)

    statement = read_statement(DEFAULT_STATEMENT)
    assert f"Version {statement.version}, dated 22 Nov 2026" in page.main
    headings = page.all("//section[h2[@id='statement-title']]//*[self::h1 or self::h2 or self::h3]")
    assert [heading.tag for heading in headings] == ["h2", "h3", "h3", "h3", "h3", "h3"]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (b"Keep it safe.\n", "write the date in the first line"),
        (b"\ndate: 2026-11-22\n\nKeep it safe.\n", "write the date in the first line"),
        (b"date: 22 Nov 2026\n\nKeep it safe.\n", "write the date in the first line"),
        (b"date: 2026-02-30\n\nKeep it safe.\n", "write the date in the first line"),
        (b"date: 2026-11-22\n\n  \n", "there is no text after the date"),
        (b"date: 2026-11-22\n\nKeep \0 it safe.\n", "the text holds a NUL character"),
        (b"date: 2026-11-22\n\nGr\xfc\xdfe\n", "is not UTF-8"),
        (b"", "write the date in the first line"),
    ],
)
def test_an_unfit_file_stops_the_start_and_is_named(tmp_path, written, reason):
    path = tmp_path / "statement.md"
    path.write_bytes(written)
    settings = settings_for(f"sqlite:///{tmp_path}/portal.db", tmp_path, security_statement_file=str(path))

    with pytest.raises(WrongSetting, match=f"^PORTAL_SECURITY_STATEMENT_FILE: .*{reason}"):
        create_app(settings)


def test_a_missing_file_stops_the_start_and_is_named(tmp_path):
    path = tmp_path / "nowhere.md"
    settings = settings_for(f"sqlite:///{tmp_path}/portal.db", tmp_path, security_statement_file=str(path))

    with pytest.raises(WrongSetting, match=r"PORTAL_SECURITY_STATEMENT_FILE: .*nowhere.md cannot be read"):
        create_app(settings)


def test_unfit_is_a_value_error():
    with pytest.raises(UnfitStatement):
        parse_statement("nothing")


def test_agreeing_to_a_text_that_has_changed_shows_the_new_one_and_makes_nothing(
    alice, with_other_statement, account_tokens, log
):
    data = _data(turn_on(alice))
    moved = with_other_statement(alice)

    page = moved.post(f"{PATH}/agree", data)

    assert page.status == 409
    assert "The security statement has changed since you opened this page. Nothing was done." in page.main
    assert "Keep it safe." in page.main
    assert account_tokens() == []
    assert [event.action for event in log()] == ["api_access.enabled"]


def test_agreeing_to_the_new_text_from_the_409_page_makes_the_token(alice, with_other_statement, database, call):
    data = _data(turn_on(alice))
    page = with_other_statement(alice).post(f"{PATH}/agree", data)

    secret = secret_on(page.submit("Agree"))

    assert call(secret) == "200"
    with database.reading() as session:
        assert session.scalars(select(AgreedStatement.text)).all() == [OTHER]


def test_rotating_under_a_text_that_has_changed_shows_the_new_one_and_keeps_the_choice(
    alice, with_other_statement, account_tokens
):
    get_token(alice)
    data = {**_data(alice.get(f"{PATH}/rotate")), "overlap": "86400"}
    moved = with_other_statement(alice)

    page = moved.post(f"{PATH}/rotate", data)

    assert page.status == 409
    assert page.h1 == "Rotate token"
    assert "Keep it safe." in page.main
    assert page.all("//input[@name='overlap'][@checked]/@value") == ["86400"]
    assert len(account_tokens()) == 1


def test_a_token_made_under_the_old_text_stays(alice, with_other_statement, call):
    secret = get_token(alice)
    moved = with_other_statement(alice)

    assert "Rotate token" in moved.get(PATH).links()
    assert call(secret) == "200"


def test_each_agreed_text_is_kept(alice, with_other_statement, database):
    get_token(alice)
    rotate(with_other_statement(alice))

    with database.reading() as session:
        kept = set(session.scalars(select(AgreedStatement.text)))
    assert kept == {read_statement(DEFAULT_STATEMENT).text, OTHER}


def _data(page):
    return {name: page.hidden(name) for name in ("csrf_token", "version", "statement", "nonce")}
