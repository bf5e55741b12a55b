"""The verbs of one's own tokens: whose they are, the cap, and what is refused before anything is made."""

from datetime import timedelta

import pytest

from portal.audit import Actor, ActorKind
from portal.clock import utc_now
from portal.errors import LimitReached, NameTaken, NotAllowed, NotFound, WrongValue
from portal.personal_tokens import service as own
from tests.builders import actor_of, ago, make_account_token, make_token
from tests.personal_tokens.steps import token, tokens_of

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("verb", ["rename", "rotate", "revoke"])
@pytest.mark.parametrize("who", ["alice", "adam", "charlie"])
def test_a_token_of_somebody_else_cannot_be_found(database, cast, verb, who):
    token_id, _ = make_token(database, cast.bob)
    arguments = {
        "rename": {"name": "Mine"},
        "rotate": {"overlap": HOUR, "expires_at": lambda old: None, "prefix": "pat", "once": None},
        "revoke": {},
    }[verb]
    with pytest.raises(NotFound):
        database.transaction(
            lambda session: getattr(own, verb)(
                session, actor_of(getattr(cast, who)), token_id, now=utc_now(), **arguments
            )
        )
    assert token(database, token_id).is_current


def test_an_account_token_is_nobodys_own(database, cast):
    token_id, _ = make_account_token(database, cast.alice)
    with pytest.raises(NotFound):
        database.transaction(lambda session: own.revoke(session, actor_of(cast.alice), token_id, now=utc_now()))


@pytest.mark.parametrize("kind", [ActorKind.ACCOUNT, ActorKind.OPERATOR, ActorKind.NONE])
def test_only_people_have_tokens_of_their_own(database, cast, kind):
    actor = Actor(kind=kind, account_id=cast.alice.account_id, id=cast.alice.id, name="Acme")
    with pytest.raises(NotAllowed):
        database.transaction(lambda session: make(session, actor))


def make(session, actor, **more):
    arguments = {"name": "Zapier", "scopes": None, "expires_at": None, "prefix": "pat", "most": 100, "once": None}
    return own.create(session, actor, now=utc_now(), **{**arguments, **more})


def rotate_own(session, actor, token_id, **more):
    arguments = {"overlap": HOUR, "expires_at": lambda old: None, "prefix": "pat", "once": None}
    return own.rotate(session, actor, token_id, now=utc_now(), **{**arguments, **more})


def test_no_token_is_made_that_is_over_already(database, cast):
    actor = actor_of(cast.bob)
    token_id, _ = make_token(database, cast.bob, "Old")
    for work in (
        lambda session: make(session, actor, expires_at=ago(seconds=1)),
        lambda session: rotate_own(session, actor, token_id, expires_at=lambda old: ago(seconds=1)),
    ):
        with pytest.raises(WrongValue) as raised:
            database.transaction(work)
        assert raised.value.field == "expires_at"
    assert len(tokens_of(database, cast.bob)) == 1


def test_an_expired_token_is_rotated_only_where_that_is_meant(database, cast):
    token_id, _ = make_token(database, cast.bob, expires_at=ago(days=1))
    with pytest.raises(own.TokenExpired):
        database.transaction(lambda session: rotate_own(session, actor_of(cast.bob), token_id))
    issued = database.transaction(lambda session: rotate_own(session, actor_of(cast.bob), token_id, even_expired=True))
    assert issued.token.replaces_id == token_id


def test_whoever_must_not_rotate_a_token_is_stopped_before_anything_is_done(database, cast):
    token_id, _ = make_token(database, cast.bob)

    def may(old):
        raise NotAllowed

    with pytest.raises(NotAllowed):
        database.transaction(lambda session: rotate_own(session, actor_of(cast.bob), token_id, may=may))
    assert token(database, token_id).is_current


def test_the_cap_counts_current_tokens_expired_ones_too(database, cast):
    make_token(database, cast.bob, "Expired", expires_at=ago(days=1))
    dead, _ = make_token(database, cast.bob, "Dead")
    database.transaction(lambda session: own.revoke(session, actor_of(cast.bob), dead, now=utc_now()))
    with pytest.raises(LimitReached):
        database.transaction(lambda session: make(session, actor_of(cast.bob), most=1))
    assert database.transaction(lambda session: make(session, actor_of(cast.bob), most=2)).token.id


def test_tokens_are_listed_newest_first_and_in_parts(database, cast):
    ids = [make_token(database, cast.bob, f"Token {number}")[0] for number in range(5)]
    make_token(database, cast.alice)
    with database.reading() as session:
        listed = own.list_own(session, user_id=cast.bob.id, now=utc_now())
        part = own.list_own(session, user_id=cast.bob.id, now=utc_now(), before_id=ids[3], most=2)
    assert [row.id for row in listed] == ids[::-1]
    assert [row.id for row in part] == [ids[2], ids[1]]


def test_renaming_a_dead_token_is_refused(database, cast):
    token_id, _ = make_token(database, cast.bob)
    database.transaction(lambda session: own.revoke(session, actor_of(cast.bob), token_id, now=utc_now()))
    with pytest.raises(NotFound):
        database.transaction(
            lambda session: own.rename(session, actor_of(cast.bob), token_id, name="New", now=utc_now())
        )


def test_a_new_name_is_compared_like_a_first_one(database, cast):
    make_token(database, cast.bob, "Zapier")
    token_id, _ = make_token(database, cast.bob, "Make")
    with pytest.raises(NameTaken):
        database.transaction(
            lambda session: own.rename(session, actor_of(cast.bob), token_id, name="zapier", now=utc_now())
        )
    assert (token(database, token_id).name, token(database, token_id).name_key) == ("Make", "make")
