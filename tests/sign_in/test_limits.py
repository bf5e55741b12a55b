"""How often signing in may fail, before any hash and the same for known and unknown."""

from threading import Barrier, Thread

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from portal.audit import AuditEvent
from portal.current import running_in
from tests.cast import PASSWORD
from tests.conftest import settings_for
from tests.page import Browser
from tests.sign_in.test_sign_in import WRONG, sign_in


@pytest.fixture
def strict(make_app, database_url, tmp_path):
    """A browser at a portal that takes two failures a person and three an address."""
    settings = settings_for(
        database_url, tmp_path, limits="signin=2/900s,signin_address=3/900s", trusted_proxies="127.0.0.0/8"
    )
    return Browser(make_app(settings).test_client())


def come_from(browser, address):
    browser.client.environ_base["HTTP_X_FORWARDED_FOR"] = address


@pytest.mark.parametrize("limits", [""])
def test_ten_failures_are_answered_and_the_eleventh_try_is_not_even_when_right(stranger, cast):
    page = stranger.get("/sign-in")
    for _ in range(10):
        assert page.submit("Sign in", email=cast.bob.email, password=WRONG).status == 422
    refused = page.submit("Sign in", email=cast.bob.email, password=PASSWORD)
    assert refused.status == 429
    assert 1 <= int(refused.response.headers["Retry-After"]) <= 900
    assert refused.errors() == ["Password: Too many failed tries. Wait 15 minutes and try again."]


def test_the_form_is_shown_again_with_what_was_typed_and_where_to_go(strict, cast):
    for _ in range(2):
        sign_in(strict, cast.bob.email, WRONG)
    page = sign_in(strict, cast.bob.email, PASSWORD, path="/sign-in?next=/settings/profile")
    assert page.status == 429
    assert page.value("Email address") == cast.bob.email
    assert page.value("Password") == ""
    assert page.all("//form[@action='/sign-in?next=/settings/profile']")


def test_ac_085_known_and_unknown_are_refused_at_the_same_count(make_app, database_url, tmp_path, cast):
    app = make_app(settings_for(database_url, tmp_path, limits="signin=3/900s"))
    counts = []
    for email in (cast.bob.email, "nobody@acme.example"):
        browser = Browser(app.test_client())
        counts.append([sign_in(browser, email, WRONG).status for _ in range(5)])
    assert counts == [[422, 422, 422, 429, 429]] * 2


def test_no_hash_is_verified_once_the_limit_is_reached(strict, cast, monkeypatch):
    for _ in range(2):
        sign_in(strict, cast.bob.email, WRONG)
    hashes = []
    monkeypatch.setattr(PasswordHasher, "verify", lambda *given: hashes.append(given))
    assert sign_in(strict, cast.bob.email, PASSWORD).status == 429
    assert hashes == []


def test_every_spelling_of_an_address_counts_as_one(strict, cast):
    for email in ("BOB@acme.example", "ｂob@acme.example"):
        sign_in(strict, email, WRONG)
    assert sign_in(strict, cast.bob.email, PASSWORD).status == 429


@pytest.mark.parametrize("limits", ["signin=2/900s"])
@pytest.mark.parametrize("name", ["X_FORWARDED_FOR", "X_REAL_IP", "FORWARDED", "CF_CONNECTING_IP", "TRUE_CLIENT_IP"])
def test_ac_101_a_claimed_address_changes_nothing(app, database, stranger, cast, name):
    for number in range(3):
        stranger.client.environ_base[f"HTTP_{name}"] = f"198.51.100.{number}"
        page = sign_in(stranger, cast.bob.email, WRONG)
    assert page.status == 429
    running_in(app).recorder.flush(is_last=True)
    with database.reading() as session:
        assert set(session.scalars(select(AuditEvent.address))) == {"127.0.0.1"}


def test_another_person_may_still_sign_in_from_there(strict, cast):
    for _ in range(2):
        sign_in(strict, cast.bob.email, WRONG)
    assert sign_in(strict, cast.alice.email, PASSWORD).status == 303


def test_the_same_person_may_still_sign_in_from_elsewhere(strict, cast):
    for _ in range(2):
        sign_in(strict, cast.bob.email, WRONG)
    come_from(strict, "203.0.113.9")
    assert sign_in(strict, cast.bob.email, PASSWORD).status == 303


def test_an_address_that_tries_many_people_is_refused_for_all(strict, cast):
    for name in ("one", "two", "three"):
        sign_in(strict, f"{name}@acme.example", WRONG)
    assert sign_in(strict, cast.bob.email, PASSWORD).status == 429


def test_ipv6_counts_by_network(strict, cast):
    for host in range(1, 4):
        come_from(strict, f"2001:db8::{host}")
        sign_in(strict, f"person{host}@acme.example", WRONG)
    come_from(strict, "2001:db8::ffff")
    assert sign_in(strict, cast.bob.email, PASSWORD).status == 429


def test_signing_in_counts_nothing(strict, cast):
    for _ in range(5):
        assert sign_in(Browser(strict.client.application.test_client()), cast.bob.email, PASSWORD).status == 303


def test_a_form_with_an_empty_field_counts_nothing(strict, cast):
    for _ in range(5):
        assert sign_in(strict, cast.bob.email, "").status == 422
    assert sign_in(strict, cast.bob.email, PASSWORD).status == 303


def test_many_tries_at_once_cannot_overrun_the_limit(make_app, database_url, tmp_path, cast):
    app = make_app(settings_for(database_url, tmp_path, limits="signin=3/900s"))
    statuses, barrier = [], Barrier(8)

    def one_try():
        page = Browser(app.test_client()).get("/sign-in")
        barrier.wait()
        statuses.append(page.submit("Sign in", email=cast.bob.email, password=WRONG).status)

    threads = [Thread(target=one_try) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [422] * 3 + [429] * 5
