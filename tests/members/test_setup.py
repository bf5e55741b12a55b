"""The first run: one code, one account, one owner."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from portal.accounts.models import Account, Role, User
from portal.clock import utc_now
from portal.errors import NotFound
from portal.members import service
from tests.accounts.log import events
from tests.conftest import SECRET_KEY, settings_for
from tests.page import Browser

PASSWORD = "seven lanterns over the canal"
FIELDS = {"account_name": "Acme", "name": "Alice", "email": "alice@acme.example", "password": PASSWORD}


@pytest.fixture
def code(database):
    with database.reading() as session:
        return service.setup_code(SECRET_KEY, service.read_setup_id(session))


def create(browser, code, **other):
    return browser.get("/setup").submit("Create account", code=code, **{**FIELDS, **other})


def set_up(database, **other):
    given = {"account_name": "Acme", "name": "Alice", "email": "alice@acme.example", **other}
    return database.transaction(
        lambda session: service.set_up(session, password_hash="hash", address=None, now=utc_now(), **given)
    )


def everybody(database):
    with database.reading() as session:
        return list(session.scalars(select(User).order_by(User.id)))


def test_the_code_is_typed_by_people():
    code = service.setup_code(SECRET_KEY, "an id")
    groups = code.split("-")
    assert [len(group) for group in groups] == [4, 4, 4, 4]
    assert not set("".join(groups)) & set("01OIabcdefghijklmnopqrstuvwxyz")


def test_the_code_is_the_same_in_every_process_and_another_for_every_installation():
    assert service.setup_code(SECRET_KEY, "an id") == service.setup_code(SECRET_KEY, "an id")
    assert service.setup_code(SECRET_KEY, "an id") != service.setup_code(SECRET_KEY, "other id")
    assert service.setup_code(SECRET_KEY, "an id") != service.setup_code(SECRET_KEY + "x", "an id")


@pytest.mark.parametrize("change", [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code} "])
def test_case_dashes_and_blanks_of_the_code_do_not_count(change):
    code = service.setup_code(SECRET_KEY, "an id")
    assert service.is_setup_code(change(code), code)


@pytest.mark.parametrize("typed", ["", "-", "ABCD-EFGH-JKLM-NPQR", "ü", "ſ", "x" * 5000])
def test_another_code_is_wrong(typed):
    assert not service.is_setup_code(typed, service.setup_code(SECRET_KEY, "an id"))


def test_the_page_asks_for_everything_and_the_fields_are_known_to_password_managers(stranger):
    page = stranger.get("/setup")
    labels = ["Code", "Account name", "Your name", "Email address", "Password"]
    assert [page.field(label).get("name") for label in labels] == ["code", "account_name", "name", "email", "password"]
    assert page.field("Password").get("autocomplete") == "new-password"
    assert page.field("Email address").get("autocomplete") == "username"


def test_the_owner_is_made_and_signed_in(stranger, code, database):
    answer = create(stranger, code)
    assert (answer.status, answer.location) == (303, "/settings/tokens")
    profile = stranger.get("/settings/profile")
    assert "Your account is ready" in profile.text
    assert "Owner of Acme" in profile.text
    [owner] = everybody(database)
    assert (owner.role, owner.email, owner.is_active) == (Role.OWNER, "alice@acme.example", True)


def test_what_was_done_is_recorded_with_the_owner_as_actor(stranger, code, database):
    create(stranger, code)
    rows = events(database)
    assert [row.action for row in rows] == ["account.created", "user.created", "session.started"]
    assert {(row.actor_kind, row.actor_name, row.address) for row in rows} == {("user", "Alice", "127.0.0.1")}
    assert [row.target_name for row in rows] == ["Acme", "Alice", None]


def test_the_owner_signs_in_with_that_password(app, stranger, code):
    create(stranger, code)
    other = Browser(app.test_client())
    page = other.get("/sign-in").submit("Sign in", email="Alice@ACME.example", password=PASSWORD)
    assert page.status == 303


def test_setup_is_not_there_once_somebody_is(stranger, code, cast):
    assert stranger.get("/setup").status == 404
    token = stranger.get("/sign-in").hidden("csrf_token")
    answer = stranger.post("/setup", {**FIELDS, "email": "eve@acme.example", "csrf_token": token, "code": code})
    assert answer.status == 404


def test_the_code_works_once(app, stranger, code, database):
    page = stranger.get("/setup")
    page.submit("Create account", code=code, **FIELDS)
    again = Browser(app.test_client())
    token = again.get("/sign-in").hidden("csrf_token")
    assert again.post("/setup", {**FIELDS, "code": code, "csrf_token": token}).status == 404
    assert len(everybody(database)) == 1


def test_a_wrong_code_is_an_error_on_its_field_and_what_was_typed_is_kept(stranger, code, database):
    page = create(stranger, "ABCD-EFGH-JKLM-NPQR")
    assert page.status == 422
    assert page.errors() == ["Code: That is not the code. Look at what the server printed when it started."]
    assert [page.value(label) for label in ("Account name", "Your name", "Email address")] == [
        "Acme",
        "Alice",
        "alice@acme.example",
    ]
    assert page.value("Password") == ""
    assert everybody(database) == []


def test_all_that_is_wrong_is_said_at_once(stranger):
    page = create(stranger, "", account_name=" ", name="\u202eAlice", email="alice", password="short")
    assert page.status == 422
    assert [error.split(":")[0] for error in page.errors()] == [
        "Code",
        "Account name",
        "Your name",
        "Email address",
        "Password",
    ]
    assert page.errors()[0] == "Code: Enter the code that the server printed when it started."


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account_name", "x" * 101),
        ("name", "Alice\u0000"),
        ("name", "x" * 60_000),
        ("email", "al\u200bice@acme.example"),
        ("email", "Alice <alice@acme.example>"),
        ("password", ""),
        ("password", "AliceAcme 2026!"),
        ("password", "x" * 129),
        ("code", "x" * 3000),
        ("code", ["one", "two"]),
        ("name", None),
    ],
)
def test_ac_115_fields_that_cannot_be_taken_are_answered_in_words(stranger, code, database, field, value):
    page = create(stranger, **{"code": code, field: value})
    assert page.status == 422
    assert len(page.errors()) == 1
    assert everybody(database) == []


def test_a_right_code_beside_a_wrong_field_makes_nothing_and_works_again(stranger, code, database):
    page = create(stranger, code, password="short")
    assert page.value("Code") == code
    assert page.submit("Create account", password=PASSWORD).status == 303


def test_ten_wrong_codes_are_answered_and_then_not_even_the_right_one(stranger, code, database):
    for _ in range(10):
        assert create(stranger, "ABCD-EFGH-JKLM-NPQR").status == 422
    refused = create(stranger, code)
    assert refused.status == 429
    assert 1 <= int(refused.response.headers["Retry-After"]) <= 900
    assert refused.value("Account name") == "Acme"
    assert everybody(database) == []


def test_an_empty_code_counts_nothing(stranger, code):
    for _ in range(12):
        assert create(stranger, "").status == 422
    assert create(stranger, code).status == 303


def test_the_limit_on_codes_is_no_setting(make_app, database_url, tmp_path, code):
    app = make_app(settings_for(database_url, tmp_path, limits="signin=0,signin_address=0"))
    browser = Browser(app.test_client())
    statuses = [create(browser, "ABCD-EFGH-JKLM-NPQR").status for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def test_setup_needs_its_csrf_token(stranger, code, database):
    refused = create(stranger, code, csrf_token="stale")
    assert refused.status == 400
    assert refused.links()["Open the form again"] == "/setup"
    assert everybody(database) == []


def test_two_set_ups_at_once_make_one_account(database):
    outcomes, barrier = [], Barrier(2)

    def one(name):
        barrier.wait()
        try:
            outcomes.append(set_up(database, account_name=name, email=f"{name}@acme.example").name)
        except NotFound:
            outcomes.append(None)

    threads = [Thread(target=one, args=(name,)) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes, key=str) == ["Alice", None]
    with database.reading() as session:
        assert len(session.scalars(select(Account)).all()) == 1


def test_set_up_after_the_operator_made_an_owner_makes_nothing(database, cast):
    with pytest.raises(NotFound):
        set_up(database, email="eve@acme.example")
    assert len(everybody(database)) == 4


def test_a_deactivated_person_counts_as_somebody(database, cast):
    def deactivate_all(session):
        for user in session.scalars(select(User)):
            user.deactivated_at = utc_now()

    database.transaction(deactivate_all)
    with database.reading() as session:
        assert service.has_users(session)
