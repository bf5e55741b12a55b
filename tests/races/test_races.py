"""What happens when two do it at the same moment. On both databases, through the pages and verbs people use."""

import os
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Event, Thread

import pytest
from sqlalchemy import func, select

from portal.accounts.models import Role, User
from portal.api_access import service as api_access
from portal.audit import OPERATOR, AuditEvent
from portal.clock import utc_now
from portal.errors import NotAllowed, NotFound, WrongState
from portal.members import service as members
from portal.personal_tokens import service as personal_tokens
from portal.tokens.models import Kind, Token, is_current
from portal.tokens.nonces import make_nonce
from tests.builders import actor_of, make_account_token, make_token
from tests.races.together import together

AGREE = "/account/api-access/agree"
AGREEMENTS = int(os.environ.get("AGREEMENTS", "200"))


@pytest.fixture
def second_owner(database, cast, browser_of):
    """Adam, made an owner: two of them can act on one account."""

    def promote(session):
        session.get_one(User, cast.adam.id).role = Role.OWNER

    database.transaction(promote)
    return browser_of(cast.adam)


def living_account_tokens(database, account_id):
    with database.reading() as session:
        query = select(func.count()).where(Token.account_id == account_id, Token.kind == Kind.ACCOUNT, is_current())
        return session.scalar(query)


def call_me(app, secret):
    return app.test_client().get(
        "/api/v1/me", base_url="http://localhost:8000", headers={"Authorization": f"Bearer {secret}"}
    )


def test_of_two_owners_who_agree_at_once_one_gets_the_token_and_the_other_is_told(
    app, database, cast, alice, second_owner
):
    seen = turn_on_anew(database, cast.alice)
    owners = [(owner, shown_to(owner)) for owner in (alice, second_owner)]
    for _ in range(AGREEMENTS):
        presses = [
            partial(owner.post, AGREE, {**shown, "version": seen, "nonce": make_nonce()}) for owner, shown in owners
        ]

        pages = together(presses)

        assert sorted(page.status for page in pages) == [200, 409]
        won, lost = sorted(pages, key=lambda page: page.status)
        secret = won.value("API access token").removeprefix("Bearer ")
        assert call_me(app, secret).status_code == 200
        assert "Alice" in lost.main or "Adam" in lost.main
        assert living_account_tokens(database, cast.alice.account_id) == 1
        seen = turn_on_anew(database, cast.alice)
        assert call_me(app, secret).status_code == 401


def shown_to(owner):
    """What the form of that owner holds whatever the state is; the rest is new each time."""
    page = owner.get("/account/api-access")
    return {name: page.hidden(name) for name in ("csrf_token", "statement")}


def turn_on_anew(database, owner):
    """Turns API access off and on past the pages, as only agreements race; the version that a form would show."""

    def work(session):
        actor, now = actor_of(owner), utc_now()
        state = api_access.read_state(session, account_id=owner.account_id, now=now)
        if state.is_on:
            api_access.disable(session, actor, seen=state.version, now=now)
        state = api_access.read_state(session, account_id=owner.account_id, now=now)
        api_access.enable(session, actor, seen=state.version, now=now)
        return replace(state, is_on=True).version

    return database.transaction(work)


def test_ac_133_after_a_storm_of_changes_and_a_last_disable_nothing_lives(app, database, cast, alice, second_owner):
    shown = []

    def storm(owner):
        page = owner.get("/account/api-access").submit("Update", enabled="y")
        page = owner.get("/account/api-access")
        if "Agree" in page.buttons():
            page = page.submit("Agree")
            if page.status == 200:
                shown.append(page.value("API access token").removeprefix("Bearer "))
        page = owner.get("/account/api-access/rotate")
        if page.status == 200 and "Agree" in page.buttons():
            page = page.submit("Agree")
            if page.status == 200:
                shown.append(page.value("API access token").removeprefix("Bearer "))
        page = owner.get("/account/api-access/disable")
        if page.status == 200:
            page.submit("Turn API access off")

    for _ in range(10):
        failures = [found for found in together([partial(storm, alice), partial(storm, second_owner)]) if found]
        assert not failures
    page = alice.get("/account/api-access/disable")
    if page.status == 200:
        page.submit("Turn API access off")

    assert shown
    assert living_account_tokens(database, cast.alice.account_id) == 0
    assert {call_me(app, secret).status_code for secret in shown} == {401}


def test_a_token_form_sent_twice_at_once_makes_one_token(database, cast, bob):
    for number in range(20):
        form = bob.get("/settings/tokens/new")

        pages = together([partial(form.submit, "Create token", name=f"Zapier {number}")] * 2)

        assert sorted(page.status for page in pages) == [200, 303]
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(Token.user_id == cast.bob.id)) == 20


def test_a_rotation_form_sent_twice_at_once_makes_one_token(database, cast, bob):
    token_id, _ = make_token(database, cast.bob)
    form = bob.get(f"/settings/tokens/{token_id}/rotate")

    pages = together([partial(form.submit, "Rotate")] * 2)

    assert sorted(page.status for page in pages) == [200, 303]
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(Token.replaces_id == token_id)) == 1


@pytest.mark.parametrize("path", ["rename", "revoke"])
def test_a_form_sent_twice_at_once_is_recorded_once(database, cast, bob, path):
    token_id, _ = make_token(database, cast.bob)
    form = bob.get(f"/settings/tokens/{token_id}/{path}")
    button = "Revoke “" if path == "revoke" else "Rename"
    fields = {"name": "Moodle plugin"} if path == "rename" else {}

    pages = together([partial(form.submit, button, **fields)] * 2)

    assert all(page.status < 500 for page in pages)
    action = {"rename": "token.renamed", "revoke": "token.revoked"}[path]
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(AuditEvent.action == action)) == 1


def test_an_agreement_sent_twice_at_once_makes_one_token(database, cast, alice):
    alice.get("/account/api-access").submit("Update", enabled="y")
    form = alice.get("/account/api-access")

    pages = together([partial(form.submit, "Agree")] * 2)

    assert sorted(page.status for page in pages) == [200, 303]
    assert living_account_tokens(database, cast.alice.account_id) == 1


def test_of_two_rotations_of_one_token_at_once_one_wins(database, cast):
    for number in range(20):
        token_id, _ = make_token(database, cast.bob, f"Zapier {number}")

        results = together([lambda token_id=token_id: rotate(database, cast.bob, token_id)] * 2)

        refused = [result for result in results if isinstance(result, WrongState | NotFound)]
        assert len(refused) == 1
        with database.reading() as session:
            assert session.scalar(select(func.count()).where(Token.replaces_id == token_id)) == 1


def rotate(database, person, token_id):
    return database.transaction(
        lambda session: personal_tokens.rotate(
            session,
            actor_of(person),
            token_id,
            overlap=timedelta(hours=1),
            expires_at=lambda token: token.expires_at,
            prefix="pat",
            once=None,
            now=utc_now(),
        )
    )


def create(database, person, name, *, before=lambda: None, after=lambda: None):
    def work(session):
        before()
        issued = personal_tokens.create(
            session,
            actor_of(person),
            name=name,
            scopes=None,
            expires_at=None,
            prefix="pat",
            most=100,
            once=None,
            now=utc_now(),
        )
        after()
        return issued

    return database.transaction(work)


def deactivate(database, person):
    return database.transaction(
        lambda session: members.deactivate(session, OPERATOR, email=person.email, now=utc_now())
    )


def reactivate(database, person):
    return database.transaction(
        lambda session: members.reactivate(session, OPERATOR, email=person.email, now=utc_now())
    )


def test_a_token_made_while_its_owner_is_being_deactivated_never_lives(app, database, cast):
    for number in range(20):
        made, _ = together(
            [
                lambda number=number: create(database, cast.bob, f"Race {number}"),
                lambda: deactivate(database, cast.bob),
            ]
        )
        reactivate(database, cast.bob)
        if not isinstance(made, NotAllowed):
            assert call_me(app, made.secret.reveal()).status_code == 401


def test_deactivation_that_comes_first_lets_no_token_be_made(app, database, cast):
    deactivate(database, cast.bob)

    with pytest.raises(NotAllowed):
        create(database, cast.bob, "Too late")

    reactivate(database, cast.bob)
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(Token.user_id == cast.bob.id)) == 0


def test_deactivation_that_has_to_wait_kills_the_token_just_made(app, database, cast):
    """The order the other way round: the deactivation starts while the creation holds the lock."""
    waiting = Event()
    deactivation = Thread(target=lambda: (waiting.set(), deactivate(database, cast.bob)))

    def start_the_other() -> None:
        deactivation.start()
        waiting.wait(timeout=10)

    issued = create(database, cast.bob, "Just in time", after=start_the_other)
    deactivation.join(timeout=30)
    reactivate(database, cast.bob)

    assert call_me(app, issued.secret.reveal()).status_code == 401


def test_f29_an_owner_who_loses_the_role_while_agreeing_gets_no_token(database, cast, alice):
    alice.get("/account/api-access").submit("Update", enabled="y")
    form = alice.get("/account/api-access")

    def demote(session):
        session.get_one(User, cast.alice.id).role = Role.MEMBER

    database.transaction(demote)

    assert form.submit("Agree").status == 403
    assert living_account_tokens(database, cast.alice.account_id) == 0


def test_f27_enabling_and_disabling_at_once_leaves_no_token_when_it_ends_off(app, database, cast, alice, second_owner):
    _, secret = make_account_token(database, cast.alice)
    form = alice.get("/account/api-access/disable")

    pages = together([partial(form.submit, "Turn API access off"), partial(second_owner.get, "/account/api-access")])

    assert pages[0].status == 303
    assert call_me(app, secret).status_code == 401
    assert living_account_tokens(database, cast.alice.account_id) == 0
