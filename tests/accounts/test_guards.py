"""The cookie, the guards and the order in which they answer."""

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from portal.accounts.guards import refuse_unguarded
from portal.accounts.models import UserSession
from tests.conftest import settings_for
from tests.page import Browser, path_of

OTHER_KEY = "another-key-of-the-tests-0123456789-abcdefg"


def cookie_of(browser, name="session"):
    return browser.client.get_cookie(name, domain="localhost")


def replay(app, value, path="/settings/profile"):
    """Asks for a page with a copied cookie."""
    client = app.test_client()
    client.set_cookie("session", value, domain="localhost")
    return Browser(client).get(path)


def count_sessions(database):
    with database.reading() as session:
        return session.query(UserSession).count()


def test_a_view_without_a_guard_stops_the_start():
    app = Flask("unguarded")
    app.add_url_rule("/open", view_func=lambda: "open")
    with pytest.raises(RuntimeError, match="has no guard"):
        refuse_unguarded(app)


def test_nobody_signed_in_is_sent_to_sign_in_and_then_back_with_the_query(stranger, cast):
    answer = stranger.get("/settings/profile?a=1&b=x%20y")
    assert answer.status == 303
    signed_in = answer.follow().submit("Sign in", email=cast.bob.email, password=cast.bob.password)
    assert signed_in.location == "/settings/profile?a=1&b=x%20y"


def test_bytes_that_are_no_text_in_a_query_are_carried_along(stranger, cast):
    answer = stranger.get("/settings/profile", environ_overrides={"QUERY_STRING": "q=\xff\xfe<>"})
    assert answer.status == 303
    signed_in = answer.follow().submit("Sign in", email=cast.bob.email, password=cast.bob.password)
    assert signed_in.location == "/settings/profile?q=%FF%FE%3C%3E"


def test_ac_059_a_post_that_lost_its_session_is_never_replayed(stranger, database, cast):
    refused = stranger.post("/settings/profile", {"name": "Mallory"})
    assert (refused.status, refused.location) == (303, "/sign-in?next=/settings/profile")
    signed_in = refused.follow().submit("Sign in", email=cast.bob.email, password=cast.bob.password)
    page = signed_in.follow()
    assert (page.status, page.value("Your name")) == (200, "Bob")


def test_ac_059_a_post_only_address_leads_back_to_the_nearest_page(stranger, cast):
    assert stranger.post("/sign-out").location == "/sign-in?next=/"


def test_a_member_is_refused_where_admins_may_go(bob, adam):
    assert bob.get("/account").status == 403
    assert adam.get("/account").status == 303


def test_sign_in_is_asked_before_csrf_and_csrf_before_the_role(stranger, bob, cast):
    assert stranger.post("/settings/profile").status == 303
    assert bob.post("/settings/profile").status == 400
    assert bob.post("/nowhere").status == 404
    assert bob.post("/account").status == 405


def test_too_large_a_form_is_refused_before_sign_in(stranger):
    assert stranger.post("/settings/profile", {"name": "x" * 70_000}).status == 413


@pytest.mark.parametrize("token", [None, "", "x", "ImZvbyI.a.b"])
def test_ac_058_a_form_without_its_token_changes_nothing(bob, token):
    page = bob.get("/settings/profile")
    refused = page.submit("Save", csrf_token=token, name="Mallory")
    assert refused.status == 400
    assert refused.h1 == "This form is no longer valid"
    assert refused.links()["Open the form again"] == "/settings/profile"
    assert bob.get("/settings/profile").value("Your name") == "Bob"


def test_ac_058_the_token_of_another_person_counts_for_nothing(alice, bob):
    refused = bob.get("/settings/profile").submit("Save", csrf_token=alice.csrf_token(), name="Mallory")
    assert refused.status == 400


def test_ac_058_the_token_of_ones_own_older_session_counts_for_nothing(stranger, cast):
    page = stranger.get("/sign-in")
    before = page.hidden("csrf_token")
    page.submit("Sign in", email=cast.bob.email, password=cast.bob.password)
    refused = stranger.get("/settings/profile").submit("Save", csrf_token=before, name="Mallory")
    assert refused.status == 400


def test_ac_058_an_empty_token_beside_an_empty_cookie_is_refused(app, cast):
    browser = Browser(app.test_client())
    browser.client.set_cookie("session", "", domain="localhost")
    answer = browser.post("/sign-in", {"csrf_token": "", "email": cast.bob.email, "password": cast.bob.password})
    assert answer.status == 400


def test_a_stale_sign_in_form_links_back_with_where_to_go(stranger):
    refused = stranger.post("/sign-in?next=/settings/profile", {"csrf_token": "stale"})
    assert refused.links()["Open the form again"] == "/sign-in?next=/settings/profile"


def test_a_stale_form_that_is_post_only_links_to_a_page(bob):
    assert bob.post("/sign-out").links()["Open the form again"] == "/"


def test_ac_064_two_cookies_of_one_name_count_as_none(app, bob):
    planted = app.test_client(use_cookies=False)
    header = f"session=planted; session={cookie_of(bob).value}"
    answer = planted.get("/settings/profile", base_url="http://localhost:8000", headers={"Cookie": header})
    assert answer.status_code == 303
    assert path_of(answer.headers["Location"]) == "/sign-in"


@pytest.mark.parametrize("cookie", ["a=1]session=evil", "session", "session=", 'session="', "session=.x.y.z", "="])
def test_ac_064_a_crafted_cookie_is_nobody(app, cookie):
    client = app.test_client(use_cookies=False)
    answer = client.get("/sign-in", base_url="http://localhost:8000", headers={"Cookie": cookie})
    assert answer.status_code == 200


def test_v7_2_1_an_altered_cookie_is_nobody(app, bob):
    value = cookie_of(bob).value
    body, rest = value.split(".", 2)[1], value.split(".", 2)[2]
    assert replay(app, value).status == 200
    assert replay(app, f".{body[:-2]}AA.{rest}").status == 303
    assert replay(app, value[:-1]).status == 303


def test_ac_070_a_cookie_signed_with_another_key_is_nobody(app, bob, make_app, database_url, tmp_path):
    other = make_app(settings_for(database_url, tmp_path, secret_key=OTHER_KEY))
    value = cookie_of(bob).value
    serializer = app.session_interface.get_signing_serializer(app)
    assert isinstance(serializer, URLSafeTimedSerializer)
    assert serializer.loads(value)["_user_id"]
    assert replay(other, value).status == 303


def test_ac_068_asking_while_signed_out_makes_no_rows(stranger, database):
    for number in range(50):
        stranger.client.set_cookie("session", f"random-{number}", domain="localhost")
        assert stranger.get("/sign-in").status == 200
    assert count_sessions(database) == 0


def test_ac_067_the_cookie_holds_no_password_and_no_token(app, stranger, cast):
    stranger.get("/sign-in").submit("Sign in", email=cast.bob.email, password="a wrong sentence")
    stranger.get("/sign-in").submit("Sign in", email=cast.bob.email, password=cast.bob.password)
    content = app.session_interface.get_signing_serializer(app).loads(cookie_of(stranger).value)
    assert set(content) <= {"_user_id", "_fresh", "_id", "csrf_token", "_flashes"}
    assert cast.bob.password not in str(content)
    assert cast.bob.email not in str(content)


def test_v3_3_the_cookie_on_this_machine(bob, stranger):
    header = stranger.get("/sign-in").response.headers["Set-Cookie"]
    assert header.startswith("session=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(header.split("; "))
    assert not {"Max-Age", "Expires", "Domain", "Secure"} & {part.split("=")[0] for part in header.split("; ")}


def test_v3_3_the_cookie_on_https(make_app, database_url, tmp_path):
    app = make_app(settings_for(database_url, tmp_path, public_url="https://portal.example.com"))
    browser = Browser(app.test_client(), "https://portal.example.com")
    header = browser.get("/sign-in").response.headers["Set-Cookie"]
    assert header.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(header.split("; "))
    assert not {"Max-Age", "Expires", "Domain"} & {part.split("=")[0] for part in header.split("; ")}


def test_v3_3_5_the_cookie_stays_small_with_many_notices(app):
    client = app.test_client()
    with client.session_transaction(base_url="http://localhost:8000") as cookie:
        cookie["_flashes"] = [("success", f"The token “{'x' * 40} {number}” is revoked.") for number in range(20)]
        cookie["_user_id"], cookie["csrf_token"] = "s" * 43, "c" * 40
    assert len(client.get_cookie("session", domain="localhost").value) < 4000


def test_ac_062_pages_are_kept_by_nobody(stranger, bob):
    for page in (stranger.get("/sign-in"), stranger.get("/"), bob.get("/settings"), bob.get("/settings/profile")):
        assert page.response.headers["Cache-Control"] == "no-store"
        assert "Cookie" in page.response.headers["Vary"]


def test_ac_062_files_set_no_cookie_and_read_none(bob):
    with bob.client.get("/static/old/js/main.js", base_url=bob.base_url) as answer:
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")


def test_v7_4_4_every_page_lets_one_sign_out(bob):
    for path in ("/settings/profile", "/settings/security", "/nowhere"):
        assert "Sign out" in bob.get(path).buttons()


def test_the_csrf_token_is_there_from_signing_in_on(stranger, cast):
    """Two tabs that open their first page at once share it, so neither form is stale."""
    page = stranger.get("/sign-in").submit("Sign in", email=cast.alice.email, password=cast.alice.password)

    assert page.status == 303
    with stranger.client.session_transaction(base_url=stranger.base_url) as cookie:
        assert cookie["csrf_token"]
