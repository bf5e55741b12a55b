"""From secret to principal: who a token acts as, and why a dead one is refused."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal.audit import Action, ActorKind, AuditEvent
from portal.authentication import authenticator as authenticator_room
from portal.authentication.authenticator import Authenticator
from portal.authentication.principal import Names
from portal.authentication.refused import Refused
from portal.clock import utc_now
from portal.current import running_in
from portal.errors import DatabaseUnavailable, NotAllowed
from portal.tokens.models import Kind, Token
from portal.tokens.secret import make_secret
from tests.builders import ago, ahead, make_account_token, make_token
from tests.conftest import settings_for
from tests.gateway.questions import new_service


@pytest.fixture
def authenticator(app):
    parts = running_in(app)
    return Authenticator(parts.settings, parts.database, parts.recorder)


@pytest.fixture
def last_use(app, database):
    def read(token_id):
        running_in(app).recorder.flush()
        with database.reading() as session:
            return session.scalar(select(Token.last_used_at).where(Token.id == token_id))

    return read


def refused(authenticator, secret):
    with pytest.raises(Refused) as error:
        authenticator.authenticate(secret, address=None)
    return error.value


def set_moments(database, token_id, **moments):
    database.transaction(lambda session: session.execute(update(Token).where(Token.id == token_id).values(**moments)))


def test_a_persons_token_acts_as_that_person(authenticator, database, cast):
    token_id, secret = make_token(database, cast.bob, scopes=("tokens:read",), expires_at=ahead(days=1))
    found = authenticator.authenticate(secret, address=None)

    assert (found.kind, found.account_id, found.user_id, found.role) == (
        Kind.PERSONAL, cast.bob.account_id, cast.bob.id, "member",
    )  # fmt: skip
    assert (found.token_id, found.scopes, found.person_id) == (token_id, ("tokens:read",), cast.bob.id)
    assert found.ends_at == found.expires_at


def test_an_account_token_acts_as_the_account(authenticator, database, cast):
    token_id, secret = make_account_token(database, cast.alice)
    found = authenticator.authenticate(secret, address=None)
    actor = found.actor("203.0.113.7")

    assert (found.kind, found.user_id, found.role) == (Kind.ACCOUNT, None, "account")
    assert (actor.kind, actor.id, actor.name) == (ActorKind.ACCOUNT, cast.alice.account_id, "Acme")
    assert (actor.token_id, actor.address) == (token_id, "203.0.113.7")
    with pytest.raises(NotAllowed):
        _ = found.person_id


def test_a_service_token_acts_in_no_account_and_for_no_person(authenticator, database):
    service = authenticator.authenticate(new_service(database, "Badge gateway"), address="203.0.113.7")

    for asked in ("own_account_id", "person_id"):
        with pytest.raises(NotAllowed):
            getattr(service, asked)
    actor = service.actor("203.0.113.7")
    assert (actor.kind, actor.account_id, actor.id, actor.token_id) == (ActorKind.SERVICE, None, service.token_id, None)


def test_names_are_read_only_where_they_are_asked_for(authenticator, database, cast):
    _, secret = make_token(database, cast.bob, "Deploy")
    named, unnamed = (let_in(authenticator, secret, with_names=wanted) for wanted in (True, False))

    assert named.named == Names(
        account="Acme", user="Bob", email=cast.bob.email, token="Deploy", hint=f"{secret[:12]}…"
    )
    assert unnamed == named._replace(names=None)
    with pytest.raises(LookupError):
        _ = unnamed.named


@pytest.mark.parametrize("is_dead", [True, False])
def test_a_refusal_names_the_person_though_the_call_asked_for_no_names(app, authenticator, database, cast, is_dead):
    token_id, secret = make_token(database, cast.bob)
    if is_dead:
        set_moments(database, token_id, revoked_at=utc_now())
        with pytest.raises(Refused):
            let_in(authenticator, secret, with_names=False)
    else:
        authenticator.note_refusal(let_in(authenticator, secret, with_names=False), "insufficient_scope", address=None)
    running_in(app).recorder.flush(is_last=True)

    with database.reading() as session:
        refusal = session.scalars(select(AuditEvent).where(AuditEvent.action == Action.CALL_REFUSED)).one()
        assert (refusal.actor_kind, refusal.actor_id, refusal.actor_name) == (ActorKind.USER, cast.bob.id, "Bob")


def test_names_that_are_gone_are_not_made_up(authenticator, database, cast):
    unnamed = let_in(authenticator, make_token(database, cast.bob)[1], with_names=False)

    with pytest.raises(DatabaseUnavailable):
        authenticator.note_refusal(unnamed._replace(token_id=10**9), "insufficient_scope", address=None)


def let_in(authenticator, secret, *, with_names):
    return authenticator.let_in(f"Bearer {secret}", None, None, address=None, with_names=with_names)


def test_full_access_has_every_scope_and_a_list_only_its_own(authenticator, database, cast):
    full = authenticator.authenticate(make_token(database, cast.bob)[1], address=None)
    reader = make_token(database, cast.bob, "Reader", scopes=("tokens:read",))[1]

    assert full.has_scope("tokens:write")
    assert not authenticator.authenticate(reader, address=None).has_scope("tokens:write")


def test_an_overlap_ends_before_the_expiry(authenticator, database, cast):
    token_id, secret = make_token(database, cast.bob, expires_at=ahead(days=9))
    stop = ahead(hours=1)
    set_moments(database, token_id, superseded_at=utc_now(), stops_at=stop)

    assert authenticator.authenticate(secret, address=None).ends_at == stop


def test_a_use_is_noted(authenticator, database, cast, last_use):
    token_id, secret = make_token(database, cast.bob)
    authenticator.authenticate(secret, address=None)

    assert last_use(token_id) > ago(minutes=1)


@pytest.mark.parametrize(
    ("moments", "code"),
    [
        ({"revoked_at": ago(days=1)}, "token_revoked"),
        # Whatever the clock says: another host's may be ahead.
        ({"revoked_at": ahead(days=1)}, "token_revoked"),
        ({"superseded_at": ago(hours=2), "stops_at": ago(hours=1)}, "token_revoked"),
        ({"expires_at": ago(seconds=1)}, "token_expired"),
    ],
)
def test_a_dead_token_is_refused_and_its_use_is_not_noted(authenticator, database, cast, last_use, moments, code):
    token_id, secret = make_token(database, cast.bob)
    set_moments(database, token_id, **moments)

    assert refused(authenticator, secret).code == code
    assert last_use(token_id) is None


def test_f18_hosts_whose_clocks_differ_agree_but_on_what_ends_in_between(authenticator, database, cast, monkeypatch):
    ends = ahead(seconds=60)
    living = make_token(database, cast.bob, "Living", expires_at=ends + timedelta(seconds=9))[1]
    ending = make_token(database, cast.bob, "Ending", expires_at=ends)[1]
    revoked_id, revoked = make_token(database, cast.bob, "Revoked")
    # By a host that is ahead of both.
    set_moments(database, revoked_id, revoked_at=ends + timedelta(days=1))

    for seconds, codes in ((-3, ["", "", "token_revoked"]), (2, ["", "token_expired", "token_revoked"])):
        now = ends + timedelta(seconds=seconds)
        monkeypatch.setattr(authenticator_room, "utc_now", lambda now=now: now)
        assert [code_of(authenticator, secret) for secret in (living, ending, revoked)] == codes


def code_of(authenticator, secret):
    try:
        authenticator.authenticate(secret, address=None)
    except Refused as error:
        return error.code
    return ""


def test_expires_exactly_now_is_expired(authenticator, database, cast):
    now = utc_now()
    _, secret = make_token(database, cast.bob, expires_at=now, now=now - timedelta(days=1))

    assert refused(authenticator, secret).code == "token_expired"


def test_what_is_no_token_is_refused_without_asking_the_database(make_app, settings, tmp_path):
    away = make_app(settings_for(unreachable(settings, tmp_path), tmp_path))
    parts = running_in(away)
    authenticator = Authenticator(parts.settings, parts.database, parts.recorder)

    assert refused(authenticator, "pat_" + "0" * 43).code == "token_malformed"
    with pytest.raises(DatabaseUnavailable):
        authenticator.authenticate(make_secret("pat").reveal(), address=None)


def test_a_stranger_is_unknown(authenticator):
    assert refused(authenticator, make_secret("acc").reveal()).code == "token_unknown"


def test_a_prefix_of_old_is_still_accepted(settings, make_app, tmp_path, database, cast):
    _, secret = make_token(database, cast.bob)
    renamed = settings_for(settings.database_url, tmp_path, personal_token_prefix="acme,pat")
    parts = running_in(make_app(renamed))

    found = Authenticator(parts.settings, parts.database, parts.recorder).authenticate(secret, address=None)

    assert found.user_id == cast.bob.id


def test_neither_the_principal_nor_a_refusal_holds_the_secret(authenticator, database, cast):
    token_id, secret = make_token(database, cast.bob)
    found = authenticator.authenticate(secret, address=None)
    set_moments(database, token_id, revoked_at=utc_now())
    refusal = refused(authenticator, secret)

    for shown in (repr(found), str(found.actor(None)), repr(refusal), repr(refusal.args)):
        assert secret not in shown
        assert secret[12:] not in shown


def unreachable(settings, folder):
    """An address at which no database answers, of the same kind."""
    if settings.database_url.startswith("sqlite"):
        return f"sqlite:///{folder / 'gone.db'}"
    return "postgresql://nobody@127.0.0.1:1/nothing"


def test_when_a_token_was_made_is_not_guessed(authenticator, database, cast):
    _, secret = make_token(database, cast.bob)

    assert ago(minutes=1) < authenticator.made_at(secret) <= utc_now()
    with pytest.raises(DatabaseUnavailable):
        authenticator.made_at(make_secret("pat").reveal())
