"""The verbs of every token: what each does, refuses and records."""

from datetime import timedelta

import pytest

from portal.audit import Action, Actor, ActorKind
from portal.clock import utc_now
from portal.errors import NameTaken, NotFound, WrongState
from portal.tokens import service
from portal.tokens.models import Kind, Status, Token
from portal.tokens.secret import Secret
from tests.builders import actor_of, ago, ahead, make_account_token, make_token
from tests.personal_tokens.steps import events, token, tokens_of, works
from tests.tokens.test_secret import with_checksum

HOUR = timedelta(hours=1)


def rotate(database, person, token_id, *, overlap=HOUR, expires_at=None, now=None):
    """Rotates whatever token that is, as `person`; the id of the new one and its secret."""

    def work(session):
        return service.rotate(
            session,
            actor_of(person),
            session.get_one(Token, token_id),
            prefix="pat",
            overlap=overlap,
            expires_at=expires_at,
            now=now or utc_now(),
        )

    issued = database.transaction(work)
    return issued.token.id, issued.secret.reveal()


def revoke(database, person, token_id, *, now=None):
    database.transaction(
        lambda session: service.revoke(
            session, actor_of(person), session.get_one(Token, token_id), now=now or utc_now()
        )
    )


def test_issuing_makes_a_token_whose_secret_travels_beside_the_row(app, database, cast):
    token_id, secret = make_token(database, cast.bob, "Straße", scopes=("tokens:read",))
    row = token(database, token_id)
    assert (row.name, row.name_key, row.scopes) == ("Straße", "strasse", ("tokens:read",))
    assert (row.digest, row.hint) == (Secret(secret).digest, Secret(secret).hint)
    assert works(app, secret)


def test_issuing_a_second_account_token_is_refused(database, cast):
    make_account_token(database, cast.alice)
    with pytest.raises(WrongState):
        make_account_token(database, cast.alice)
    assert len(events(database, Action.TOKEN_CREATED)) == 1


def test_a_refused_name_leaves_no_trace(database, cast):
    make_token(database, cast.bob, "Zapier")
    with pytest.raises(NameTaken):
        make_token(database, cast.bob, "ZAPIER")
    assert len(tokens_of(database, cast.bob)) == len(events(database, Action.TOKEN_CREATED)) == 1


def test_ac_107_a_secret_is_found_by_the_digest_of_its_whole(app, database, cast):
    _, secret = make_token(database, cast.bob)
    last = "0" if secret[40] != "0" else "1"
    look_alike = with_checksum(secret[:40] + last)
    assert look_alike[:40] == secret[:40]
    assert (works(app, secret), works(app, look_alike)) == (True, False)


def test_ac_107_neither_hint_nor_digest_opens_anything(app, database, cast):
    token_id, _ = make_token(database, cast.bob)
    row = token(database, token_id)
    for text in (row.hint, row.digest, "pat_" + row.digest[:43], with_checksum("pat_" + row.digest[:37])):
        assert not works(app, text)


# Rotation


def test_a_rotated_token_keeps_name_scopes_and_owner(database, cast):
    old_id, _ = make_token(database, cast.bob, "Zapier", scopes=("tokens:read",))
    new_id, _ = rotate(database, cast.bob, old_id)
    old, new = token(database, old_id), token(database, new_id)
    assert (new.name, new.scopes, new.user_id, new.replaces_id) == (old.name, old.scopes, old.user_id, old.id)
    assert (old.is_current, new.is_current) == (False, True)


def test_rotating_makes_the_old_secret_useless_once_it_stops(database, cast):
    now = utc_now()
    old_id, _ = make_token(database, cast.bob)
    rotate(database, cast.bob, old_id, now=now)
    old = token(database, old_id)
    assert old.status(now + HOUR - timedelta(microseconds=1)) is Status.ACTIVE
    assert old.status(now + HOUR) is Status.REVOKED


def test_rotating_without_overlap_revokes_whatever_the_clock_says(database, cast):
    old_id, _ = make_token(database, cast.bob)
    rotate(database, cast.bob, old_id, overlap=timedelta(0))
    assert token(database, old_id).status(ago(days=365)) is Status.REVOKED


def test_the_account_token_is_rotated_by_whoever_does_it(app, database, cast):
    old_id, old_secret = make_account_token(database, cast.alice)
    new_id, secret = rotate(database, cast.adam, old_id, overlap=timedelta(0))
    new = token(database, new_id)
    assert (new.kind, new.user_id, new.made_by_id) == (Kind.ACCOUNT, None, cast.adam.id)
    assert (works(app, old_secret), works(app, secret)) == (False, True)


def test_a_rotation_by_nobody_keeps_the_maker(database, cast):
    old_id, _ = make_account_token(database, cast.alice)
    operator = Actor(kind=ActorKind.OPERATOR, account_id=None, id=None, name="Operator")

    def work(session):
        old = session.get_one(Token, old_id)
        return service.rotate(session, operator, old, prefix="acc", overlap=HOUR, expires_at=None, now=utc_now())

    assert database.transaction(work).token.made_by_id == cast.alice.id


def test_what_is_dead_cannot_be_rotated(database, cast):
    revoked, _ = make_token(database, cast.bob, "Revoked")
    revoke(database, cast.bob, revoked)
    stopped, _ = make_token(database, cast.bob, "Stopped", now=ago(days=2))
    rotate(database, cast.bob, stopped, now=ago(days=1))
    for token_id in (revoked, stopped):
        with pytest.raises(NotFound):
            rotate(database, cast.bob, token_id)


def test_a_replaced_token_cannot_be_rotated_while_its_successor_lives(database, cast):
    old_id, _ = make_token(database, cast.bob)
    new_id, _ = rotate(database, cast.bob, old_id)
    with pytest.raises(service.StaleRotation):
        rotate(database, cast.bob, old_id)
    database.transaction(lambda session: setattr(session.get_one(Token, new_id), "revoked_at", utc_now()))
    assert rotate(database, cast.bob, old_id)[0] > new_id


def test_at_most_two_secrets_of_one_token_ever_work(app, database, cast):
    token_id, secret = make_token(database, cast.bob)
    secrets = [secret]
    for _ in range(4):
        token_id, secret = rotate(database, cast.bob, token_id, overlap=timedelta(days=7))
        secrets.append(secret)
        alive = [shown for shown in secrets if works(app, shown)]
        assert alive == secrets[-2:]


@pytest.mark.parametrize(("own_end", "overlap", "stops"), [(60, 3600, 60), (7200, 3600, 3600), (None, 3600, 3600)])
def test_an_overlap_ends_with_the_old_tokens_own_end(database, cast, own_end, overlap, stops):
    now = utc_now()
    ends = None if own_end is None else now + timedelta(seconds=own_end)
    old_id, _ = make_token(database, cast.bob, expires_at=ends)
    rotate(database, cast.bob, old_id, overlap=timedelta(seconds=overlap), now=now)
    assert token(database, old_id).stops_at == now + timedelta(seconds=stops)


# Revoking


def test_revoking_kills_the_token_and_its_overlapping_predecessor(app, database, cast):
    old_id, old_secret = make_token(database, cast.bob)
    new_id, secret = rotate(database, cast.bob, old_id)
    revoke(database, cast.bob, new_id)
    assert (works(app, old_secret), works(app, secret)) == (False, False)
    assert [event.token_id for event in events(database, Action.TOKEN_STOPPED)] == [old_id]
    assert [event.token_id for event in events(database, Action.TOKEN_REVOKED)] == [new_id]


def test_revoking_the_older_one_leaves_its_successor(app, database, cast):
    old_id, old_secret = make_token(database, cast.bob)
    _, secret = rotate(database, cast.bob, old_id)
    revoke(database, cast.bob, old_id)
    assert (works(app, old_secret), works(app, secret)) == (False, True)


def test_what_is_dead_cannot_be_revoked_again(database, cast):
    token_id, _ = make_token(database, cast.bob)
    revoke(database, cast.bob, token_id)
    with pytest.raises(NotFound):
        revoke(database, cast.bob, token_id)
    assert len(events(database, Action.TOKEN_REVOKED)) == 1


def test_a_revoked_token_stays_dead_whatever_the_clock_says(database, cast):
    token_id, _ = make_token(database, cast.bob)
    revoke(database, cast.bob, token_id, now=ahead(days=365))
    assert token(database, token_id).status(utc_now()) is Status.REVOKED


def test_revoking_all_kills_what_one_person_has_left_and_nothing_else(app, database, cast):
    living, secret = make_token(database, cast.bob, "Living")
    expired, _ = make_token(database, cast.bob, "Expired", expires_at=ago(days=1))
    stopped, _ = make_token(database, cast.bob, "Stopped", now=ago(days=2))
    successor, _ = rotate(database, cast.bob, stopped, now=ago(days=1))
    _, of_alice = make_token(database, cast.alice)
    done = database.transaction(
        lambda session: service.revoke_all(
            session, actor_of(cast.alice), user_id=cast.bob.id, now=utc_now(), detail="deactivated"
        )
    )
    assert done == 3
    recorded = events(database, Action.TOKEN_REVOKED)
    assert [event.token_id for event in recorded] == [living, expired, successor]
    assert {event.detail for event in recorded} == {"deactivated"}
    assert (works(app, secret), works(app, of_alice)) == (False, True)


def test_revoking_all_of_a_person_without_tokens_does_nothing(database, cast):
    assert (
        database.transaction(
            lambda session: service.revoke_all(session, actor_of(cast.bob), user_id=cast.bob.id, now=utc_now())
        )
        == 0
    )
