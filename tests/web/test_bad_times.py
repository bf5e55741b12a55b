"""Pages while the database is away, locked, read-only or busy: 503 and when to come back, nothing half-written."""

import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest
from sqlalchemy import select, text, update

from portal.accounts.models import Account, User, UserSession
from portal.audit import AuditEvent
from portal.current import running_in
from portal.database import POOL_SECONDS, POOL_SIZE
from portal.lookup import LOOK_SECONDS
from tests.builders import ago
from tests.conftest import settings_for
from tests.everything import pages
from tests.page import Browser

# What is answered without asking who is there.
NEEDS_NONE = {
    "/developers/errors",
    "/developers/portal.postman_collection.json",
    "/healthz",
    "/.well-known/change-password",
}

READ = ["/settings/profile", "/settings/tokens", "/settings/activity", "/account/activity", "/account/api-access"]


def taken_to(app, browser):
    """The same browser, cookies and all, at another process of the portal."""
    client = app.test_client()
    cookie = browser.client.get_cookie("session", domain="localhost")
    client.set_cookie("session", cookie.value, domain="localhost")
    return Browser(client)


def assert_unavailable(page):
    assert (page.status, page.h1) == (503, "The portal cannot reach its database")
    assert page.response.headers["Retry-After"] == "5"
    assert "Set-Cookie" not in page.response.headers


@pytest.fixture
def nothing_changed(database, cast):
    """Fails the test when Alice was renamed or anything recorded."""
    yield
    assert_nothing_changed(database, cast)


def assert_nothing_changed(database, cast):
    with database.reading() as session:
        assert session.get_one(User, cast.alice.id).name == "Alice"
        assert list(session.scalars(select(AuditEvent))) == []


def seconds_until_told(browser, path):
    started = monotonic()
    assert_unavailable(browser.get(path))
    return monotonic() - started


class TestAway:
    """F04: no server, or no file."""

    @pytest.fixture
    def away(self, make_app, settings, tmp_path, alice):
        """Alice's browser, at a portal whose database is away."""
        is_sqlite = settings.database_url.startswith("sqlite")
        url = f"sqlite:///{tmp_path / 'gone.db'}" if is_sqlite else "postgresql://nobody@127.0.0.1:1/nothing"
        return taken_to(make_app(settings_for(url, tmp_path)), alice)

    @pytest.mark.parametrize("path", READ)
    def test_f04_a_page_says_so_and_nobody_is_signed_out(self, path, away):
        # The quickest of several: the machine that runs the tests may be busy with something else meanwhile.
        assert min(seconds_until_told(away, path) for _ in range(3)) < 3

    def test_f04_every_page_that_needs_it_says_so(self, away, app):
        for route in pages(app):
            status = away.get(route.path).status
            assert status == 503 or route.path in NEEDS_NONE, route

    def test_f04_what_is_refused_anyway_is_refused_without_a_frame(self, away):
        page = away.get("/nope")

        assert (page.status, page.h1) == (404, "There is no such page")
        assert "Personal access tokens" not in page.links()

    def test_f04_signing_in_says_so(self, away):
        away.client.delete_cookie("session", domain="localhost")
        form = away.get("/sign-in")

        assert_unavailable(form.submit("Sign in", email="alice@acme.example", password="correct horse battery staple"))

    def test_f04_the_process_lives_and_is_not_ready(self, away):
        assert away.get("/healthz").status == 200
        ready = away.get("/readyz")
        assert (ready.status, ready.response.get_json()["database"]) == (503, "unavailable")

    def test_f04_what_needs_no_database_is_served(self, away):
        with away.client.get("/static/old/js/main.js", base_url=away.base_url) as answer:
            assert answer.status_code == 200

    def test_f04_back_again_the_first_request_is_served(self, alice, database):
        alice.get("/settings/profile")
        if database.is_sqlite:
            path = Path(str(database.url.database))
            moved = path.rename(path.with_suffix(".moved"))
            sleep(LOOK_SECONDS)
            assert_unavailable(alice.get("/settings/profile"))
            moved.rename(path)
        else:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()"
            with database.engine.connect() as connection:
                connection.execute(text(others)).all()

        assert alice.get("/settings/profile").status == 200


@contextmanager
def another_writer(database):
    """Somebody else holds the lock that every change needs."""
    with database.engine.connect() as connection, connection.begin():
        if not database.is_sqlite:
            connection.execute(select(Account).with_for_update())
        yield


class TestLocked:
    """F06: another process writes."""

    def test_f06_a_lock_of_two_seconds_is_waited_out(self, alice, database):
        form = alice.get("/settings/profile")
        held, let_go = threading.Event(), threading.Event()

        def hold():
            with another_writer(database):
                held.set()
                let_go.wait(2)

        writer = threading.Thread(target=hold)
        writer.start()
        held.wait(5)
        answer = form.submit("Save", name="Alicia")
        writer.join()

        assert answer.status == 303
        assert alice.get("/settings/profile").value("Your name") == "Alicia"

    def test_f06_a_lock_that_stays_is_told_reading_goes_on_and_afterwards_the_same_form_works(
        self, alice, database, cast
    ):
        form = alice.get("/settings/tokens/new")

        with another_writer(database):
            assert_unavailable(form.submit("Create token", name="Zapier"))
            assert {path: alice.get(path).status for path in READ} == dict.fromkeys(READ, 200)
        assert_nothing_changed(database, cast)

        assert form.submit("Create token", name="Zapier").status == 200
        assert alice.get("/settings/tokens").main.count("Zapier") == 1


class TestReadOnly:
    """F09: the database became read-only, as after a failover."""

    @pytest.fixture
    def database_url(self, emptied_postgres_url):
        # The one that can be made read-only whoever runs the tests.
        return emptied_postgres_url

    @pytest.fixture
    def read_only(self, database, alice):
        name = database.url.database
        with database.engine.begin() as connection:
            connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
        database.engine.dispose()
        yield
        with database.engine.begin() as connection:
            connection.execute(text("SET TRANSACTION READ WRITE"))
            connection.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
        database.engine.dispose()

    @pytest.mark.parametrize("path", [*READ, "/settings/tokens/new", "/settings/security"])
    def test_f09_pages_that_only_read_work(self, path, alice, read_only):
        assert alice.get(path).status == 200

    def test_f09_a_last_use_that_cannot_be_written_is_dropped(self, alice, app, database, request):
        with database.engine.begin() as connection:
            connection.execute(update(UserSession).values(last_used_at=ago(hours=1)))
        request.getfixturevalue("read_only")

        assert alice.get("/settings/profile").status == 200
        running_in(app).recorder.flush()

        with database.reading() as session:
            assert session.scalars(select(UserSession.last_used_at)).one() < ago(minutes=50)

    def test_f09_pages_that_write_say_so(self, alice, read_only, nothing_changed):
        assert_unavailable(alice.get("/settings/profile").submit("Save", name="Alicia"))
        assert_unavailable(alice.get("/settings/tokens/new").submit("Create token", name="Zapier"))

    def test_f09_signing_in_says_so(self, stranger, cast, read_only):
        form = stranger.get("/sign-in")

        assert_unavailable(form.submit("Sign in", email=cast.bob.email, password=cast.bob.password))

    def test_f09_a_wrong_password_is_told_all_the_same(self, stranger, cast, read_only):
        form = stranger.get("/sign-in")

        assert form.submit("Sign in", email=cast.bob.email, password="a wrong sentence").status == 422


class TestBusy:
    """F12: every connection of the pool is taken."""

    def test_f12_it_says_so_in_two_seconds_and_recovers_by_itself(self, alice, database):
        with ExitStack() as taken:
            for _ in range(POOL_SIZE):
                taken.enter_context(database.engine.connect())
            started = monotonic()
            assert_unavailable(alice.get("/settings/activity"))
            assert POOL_SECONDS - 0.5 < monotonic() - started < POOL_SECONDS + 1

        assert alice.get("/settings/activity").status == 200
