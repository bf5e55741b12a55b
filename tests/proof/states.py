"""Every page of the portal in every state worth looking at, kept as the answer that it was.

Made once for each worker by a portal in this process, with the cast and the forms that people use. What looks at
them afterwards - a browser, the HTML checker - needs no sign-in and changes nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from portal.accounts.guards import public
from portal.accounts.models import User
from portal.accounts.sessions import start_session
from portal.app import Portal
from portal.clock import utc_now
from portal.current import running_in
from portal.errors import DatabaseUnavailable, OutcomeUnknown
from tests.builders import ago, ahead, make_token
from tests.cast import Cast, Person, add_cast
from tests.page import Browser, Page

TOKENS = "/settings/tokens"
ACCESS = "/account/api-access"
DEVELOPERS = "/developers"
REFERENCE = f"{DEVELOPERS}/reference"
# A name without a place to break it, one from right to left, one of pictures: all of them 100 characters at most.
UNBROKEN = "Sehr-langer-Name-ohne-Leerzeichen".ljust(100, "x")
NAMES = ("Zapier: badge issuing", UNBROKEN, "שירות התגים של הקמפוס", "🎓🏅🧾 badges", "a <b>bold</b> & “quoted” name")

States = dict[str, Page]
Named = Iterator[tuple[str, Page]]
MakeApp = Callable[..., Portal]


@dataclass
class House:
    """One portal with the cast in it, and the browsers of its people."""

    app: Portal
    cast: Cast = field(init=False)

    def __post_init__(self) -> None:
        self.database = running_in(self.app).database
        self.cast = self.database.transaction(add_cast)

    @property
    def stranger(self) -> Browser:
        return Browser(self.app.test_client())

    def browser_of(self, person: Person) -> Browser:
        client = self.app.test_client()
        secret = self.database.transaction(
            lambda session: start_session(session, session.get_one(User, person.id), now=utc_now())
        )
        with client.session_transaction(base_url="http://localhost:8000") as cookie:
            cookie["_user_id"], cookie["_fresh"] = secret, True
        return Browser(client)


def every_state(make_app: MakeApp) -> dict[str, States]:
    """All states by the part of the portal they belong to, and by name.

    `make_app` makes a portal on an empty database of its own; `debug=True` in debug mode.
    """
    house = House(make_app())
    made = {
        "first run": first_run(make_app()),
        "signing in": signing_in(house),
        "own settings": own_settings(house),
        "lists": lists(house),
        "new token": new_token(house),
        "one token": one_token(house),
        "api access": api_access(House(make_app())),
        "refusals": refusals(House(make_app())),
        "reference": reference(house),
        "developers": developers(house),
        "components": components(make_app(debug=True)),
    }
    return {part: _read(pages) for part, pages in made.items()}


def _read(pages: Named) -> States:
    states: States = {}
    for name, page in pages:
        assert name not in states, name
        assert page.document is not None, f"{name} is no page: {page.status}"
        states[name] = page
    return states


PARTS = (
    "first run", "signing in", "own settings", "lists", "new token", "one token", "api access", "refusals",
    "reference", "developers", "components",
)  # fmt: skip


def first_run(app: Portal) -> Named:
    stranger = Browser(app.test_client())
    setup = stranger.get("/setup")
    yield "setup", setup
    yield "setup, errors", setup.submit("Create account", code="ABCD", email="nobody", password="short")


def signing_in(house: House) -> Named:
    form = house.stranger.get("/sign-in")
    yield "sign-in", form
    yield "sign-in, refused", form.submit("Sign in", email="bob@acme.example", password="not this one, surely")
    bob = house.browser_of(house.cast.bob)
    yield "signed out", bob.get("/settings/profile").submit("Sign out").follow()
    yield "sign-in, asked first", house.stranger.get(TOKENS).follow()
    for _ in range(10):
        form.submit("Sign in", email="eve@acme.example", password="not this one, surely")
    yield "sign-in, too many tries", form.submit("Sign in", email="eve@acme.example", password="again, not this one")


def own_settings(house: House) -> Named:
    bob = house.browser_of(house.cast.bob)
    profile = bob.get("/settings/profile")
    yield "profile", profile
    yield "profile, errors", profile.submit("Save", name="")
    yield "profile, saved", profile.submit("Save", name="Bob").follow()
    security = bob.get("/settings/security")
    yield "security", security
    yield "security, errors", security.submit("Change password", current_password="x", new_password="short")


def lists(house: House) -> Named:
    bob, adam = house.browser_of(house.cast.bob), house.browser_of(house.cast.adam)
    yield "tokens, none", bob.get(TOKENS)
    yield "tokens, none found", bob.get(f"{TOKENS}?q={'x' * 100}")
    yield "activity, nothing yet", bob.get("/settings/activity")
    alice = house.browser_of(house.cast.alice)
    for number in range(10):
        make_token(house.database, house.cast.alice, f"Zapier: badge issuing {number}", expires_at=ahead(days=90))
    yield "tokens, ten", alice.get(TOKENS)
    fill(house, house.cast.bob)
    yield "tokens, of all kinds", bob.get(TOKENS)
    yield "tokens, found", bob.get(f"{TOKENS}?q=a")
    yield "tokens, expired", bob.get(f"{TOKENS}?status=expired")
    yield "tokens, revoked", bob.get(f"{TOKENS}?status=revoked")
    yield "activity", bob.get("/settings/activity")
    for number in range(100):
        make_token(house.database, house.cast.adam, f"{NAMES[number % len(NAMES)]}"[:90] + f" {number}")
    yield "tokens, a hundred", adam.get(TOKENS)
    yield "activity of the account", adam.get("/account/activity")
    yield "activity of the account, older", adam.get(adam.get("/account/activity").links()["Older"])
    form = adam.get(f"{TOKENS}/new")
    yield "new token, one too many", form.submit("Create token", name="One more")


def fill(house: House, person: Person) -> None:
    """Gives that person a token of every kind: expiring, expired, revoked, with scopes, with a hard name."""
    lives: tuple[datetime | None, ...] = (ahead(days=90), None, ahead(days=3), ahead(days=400), None)
    for name, expires_at in zip(NAMES, lives, strict=True):
        make_token(house.database, person, name, expires_at=expires_at)
    scopes = ("account:read", "members:read", "tokens:read", "tokens:write", "events:read", "usage:read")
    make_token(house.database, person, "Every scope", scopes=scopes)
    make_token(house.database, person, "Too old", expires_at=ago(days=2), now=ago(days=30))
    stopped, _ = make_token(house.database, person, "Stopped")
    house.browser_of(person).get(f"{TOKENS}/{stopped}/revoke").submit("Revoke “Stopped”")


def new_token(house: House) -> Named:
    bob = house.browser_of(house.cast.bob)
    form = bob.get(f"{TOKENS}/new")
    yield "new token", form
    yield "new token, errors", form.submit("Create token", name="", expires="date", date="2026-01-01", access="chosen")
    yield "new token, by a link", bob.get(f"{TOKENS}/new?name=Moodle&scopes=tokens:read,no:such&expires_in=9999")
    yield "token created", form.submit("Create token", name="Moodle plugin")
    yield "token created already", form.submit("Create token", name="Moodle plugin").follow()


def one_token(house: House) -> Named:
    bob = house.browser_of(house.cast.bob)
    path = f"{TOKENS}/{make_token(house.database, house.cast.bob, 'Rotated', expires_at=ahead(days=60))[0]}"
    expired, _ = make_token(house.database, house.cast.bob, UNBROKEN[:99], expires_at=ago(days=1), now=ago(days=9))
    yield "token", bob.get(path)
    yield "token, rename", bob.get(f"{path}/rename")
    yield "token, rename, errors", bob.get(f"{path}/rename").submit("Rename token", name=UNBROKEN)
    form = bob.get(f"{path}/rotate")
    yield "token, rotate", form
    yield "token, rotate, errors", form.submit("Rotate token", expires="date", date="", overlap="1")
    yield "token, revoke", bob.get(f"{path}/revoke")
    yield "token rotated", form.submit("Rotate token")
    yield "token, replaced", bob.get(path)
    yield "token, replaced already", bob.get(f"{path}/rotate")
    successor = bob.get(path).all("//main//a[starts-with(@href, '/settings/tokens/')]/@href")[0]
    yield "token, with an older one", bob.get(successor)
    yield "token, rotate again", bob.get(f"{successor}/rotate")
    yield "token, revoke with an older one", bob.get(f"{successor}/revoke")
    yield "token, expired", bob.get(f"{TOKENS}/{expired}")
    yield "token, rotate an expired one", bob.get(f"{TOKENS}/{expired}/rotate")
    yield "token, revoked", bob.get(f"{path}/revoke").submit("Revoke “Rotated”").follow()
    yield "token, revoked already", bob.get(f"{path}/revoke").follow()


def api_access(house: House) -> Named:
    alice = house.browser_of(house.cast.alice)
    off = alice.get(ACCESS)
    yield "api access, off", off
    on = off.submit("Update", enabled="y").follow()
    yield "api access, statement", on
    created = on.submit("Agree")
    yield "api access, created", created
    yield "api access, created already", on.submit("Agree").follow()
    yield "api access, token", alice.get(ACCESS)
    form = alice.get(f"{ACCESS}/rotate")
    yield "api access, rotate", form
    yield "api access, rotate, errors", form.submit("Agree", overlap="1")
    yield "api access, rotated", form.submit("Agree")
    yield "api access, overlap", alice.get(ACCESS)
    yield "api access, rotate again", alice.get(f"{ACCESS}/rotate")
    disable = alice.get(f"{ACCESS}/disable")
    yield "api access, turn off", disable
    alice.get(f"{ACCESS}/rotate").submit("Agree", overlap="0")
    yield "api access, turn off, changed", disable.submit("Turn API access off")
    yield "api access, changed", off.submit("Update", enabled=None)
    alice.get(f"{ACCESS}/disable").submit("Turn API access off")
    yield "api access, off again", alice.get(ACCESS)
    secret = alice.get(ACCESS).submit("Update", enabled="y").follow().submit("Agree").value("API access token")
    alice.client.delete("/api/v1/tokens/self", base_url=alice.base_url, headers={"Authorization": secret})
    yield "api access, stopped elsewhere", alice.get(ACCESS)


def refusals(house: House) -> Named:
    for error in (ZeroDivisionError, DatabaseUnavailable, OutcomeUnknown):
        house.app.add_url_rule(f"/{error.__name__}", view_func=public(_raising(error)), endpoint=error.__name__)
    bob, stranger = house.browser_of(house.cast.bob), house.stranger
    yield "error 400", bob.post("/settings/profile")
    yield "error 403", bob.get("/account")
    yield "error 404", bob.get("/nowhere")
    yield "error 404, alone", stranger.get("/nowhere")
    yield "error 405", Page(bob, bob.client.delete("/settings/profile", base_url=bob.base_url))
    yield "error 413", bob.post("/settings/profile", {"name": "x" * 70_000})
    yield "error 500", bob.get("/ZeroDivisionError")
    yield "error 503", bob.get("/DatabaseUnavailable")
    yield "error 503, outcome unknown", bob.get("/OutcomeUnknown")
    yield "errors of the API", stranger.get("/developers/errors")
    yield "errors of the API, signed in", bob.get("/developers/errors")


def _raising(error: type[Exception]) -> Callable[[], str]:
    def view() -> str:
        raise error

    return view


def reference(house: House) -> Named:
    yield "reference", house.stranger.get(REFERENCE)
    bob = house.browser_of(house.cast.bob)
    yield "call", house.stranger.get(f"{REFERENCE}/getMe")
    for operation in ("listTokens", "createToken", "rotateToken", "introspect", "revokeHeld"):
        yield f"call, {operation}", bob.get(f"{REFERENCE}/{operation}")


def developers(house: House) -> Named:
    bob = house.browser_of(house.cast.bob)
    yield "developers", house.stranger.get(DEVELOPERS)
    yield "developers, signed in", bob.get(DEVELOPERS)
    for name in ("token-format", "limits", "events", "tools", "links", "changelog"):
        yield f"developers, {name}", bob.get(f"{DEVELOPERS}/{name}")
    yield "developers, link", bob.get(f"{DEVELOPERS}/links", query_string={"name": UNBROKEN, "expires_in": "45"})
    yield "developers, link, errors", bob.get(f"{DEVELOPERS}/links?scopes=root&expires_in=never")


def components(app: Portal) -> Named:
    page = Browser(app.test_client()).get("/_components")
    yield "components", page
    yield "components, errors", page.submit("Send it", name="", expires="date", date="")
