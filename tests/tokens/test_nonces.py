"""Once only: what was done is not done again, and what was refused may be tried again."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.clock import utc_now
from portal.errors import WrongValue
from portal.tokens.models import FormNonce, IdempotencyKey
from portal.tokens.nonces import (
    KEY_KEPT,
    NONCE_KEPT,
    AlreadyDone,
    CallOnce,
    FormOnce,
    call_digest,
    make_nonce,
)
from tests.builders import actor_of
from tests.personal_tokens.test_verbs import make

NONCE = "n" * 22


def made_with(once, *, name="Zapier", person):
    """The work that makes a token once, for a transaction."""
    return lambda session: make(session, actor_of(person), once=once, name=name).token


def rows(database, model):
    with database.reading() as session:
        return list(session.scalars(select(model).order_by(model.id)))


def age(database, model, by: timedelta):
    """Makes every row of `model` older."""

    def work(session):
        for row in session.scalars(select(model)):
            row.created_at -= by

    database.transaction(work)


@pytest.mark.parametrize("once", [lambda: FormOnce("new", NONCE), lambda: CallOnce("key", "d" * 64)])
def test_what_was_done_is_answered_with_what_came_of_it(database, cast, once):
    token = database.transaction(made_with(once(), person=cast.bob))
    with pytest.raises(AlreadyDone) as raised:
        database.transaction(made_with(once(), name="Other", person=cast.bob))
    assert (raised.value.token.id, raised.value.token.hint) == (token.id, token.hint)


@pytest.mark.parametrize("once", [FormOnce("new", NONCE), CallOnce("key", "d" * 64)])
def test_what_was_refused_may_be_tried_again(database, cast, once):
    with pytest.raises(WrongValue):
        database.transaction(lambda session: make(session, actor_of(cast.bob), once=once, expires_at=utc_now()))
    assert rows(database, FormNonce) == rows(database, IdempotencyKey) == []
    assert database.transaction(made_with(once, person=cast.bob)).id


@pytest.mark.parametrize("other", [FormOnce("rotate 1", NONCE), FormOnce("new", "m" * 22), CallOnce("key", "d" * 64)])
def test_a_nonce_is_good_for_its_own_form_alone(database, cast, other):
    database.transaction(made_with(FormOnce("new", NONCE), person=cast.bob))
    assert database.transaction(made_with(other, name="Other", person=cast.bob)).id


def test_nonces_and_keys_are_each_persons_own(database, cast):
    for person in (cast.alice, cast.bob):
        database.transaction(made_with(FormOnce("new", NONCE), name="One", person=person))
        database.transaction(made_with(CallOnce("key", "d" * 64), name="Two", person=person))
    assert len(rows(database, FormNonce)) == len(rows(database, IdempotencyKey)) == 2


def test_a_key_used_for_another_call_is_refused(database, cast):
    database.transaction(made_with(CallOnce("key", "d" * 64), person=cast.bob))
    with pytest.raises(WrongValue) as raised:
        database.transaction(made_with(CallOnce("key", "e" * 64), name="Other", person=cast.bob))
    assert raised.value.field == "Idempotency-Key"


@pytest.mark.parametrize(("age_by", "is_forgotten"), [(KEY_KEPT, True), (KEY_KEPT - timedelta(minutes=1), False)])
def test_a_key_is_kept_for_a_day(database, cast, age_by, is_forgotten):
    database.transaction(made_with(CallOnce("key", "d" * 64), person=cast.bob))
    age(database, IdempotencyKey, age_by)
    try:
        database.transaction(made_with(CallOnce("key", "d" * 64), name="Other", person=cast.bob))
        was_forgotten = True
    except AlreadyDone:
        was_forgotten = False
    assert was_forgotten is is_forgotten


def test_a_nonce_is_kept_longer_than_any_session_then_cleared_away(database, cast):
    database.transaction(made_with(FormOnce("new", NONCE), person=cast.bob))
    age(database, FormNonce, timedelta(days=30, hours=12))
    with pytest.raises(AlreadyDone):
        database.transaction(made_with(FormOnce("new", NONCE), name="Other", person=cast.bob))
    age(database, FormNonce, NONCE_KEPT)
    database.transaction(made_with(FormOnce("new", "m" * 22), name="Other", person=cast.bob))
    assert [row.nonce for row in rows(database, FormNonce)] == ["m" * 22]


@pytest.mark.parametrize("nonce", ["", "n" * 15, "n" * 65, "é" * 22, "n" * 20 + "\n", "\0" * 22])
def test_a_nonce_that_no_page_made_is_refused(database, cast, nonce):
    with pytest.raises(WrongValue) as raised:
        database.transaction(made_with(FormOnce("new", nonce), person=cast.bob))
    assert raised.value.field == "nonce"


@pytest.mark.parametrize("key", ["", "k" * 256, "with blank", "é", "\0", "k\n"])
def test_a_key_that_cannot_be_is_refused(database, cast, key):
    with pytest.raises(WrongValue):
        database.transaction(made_with(CallOnce(key, "d" * 64), person=cast.bob))


def test_nonces_are_never_alike_and_fit():
    made = {make_nonce() for _ in range(1000)}
    assert len(made) == 1000
    assert all(16 <= len(nonce) <= 64 and nonce.isascii() for nonce in made)


def test_two_calls_are_the_same_when_method_path_and_body_are():
    same = call_digest("POST", "/api/v1/tokens", b"{}")
    assert same == call_digest("POST", "/api/v1/tokens", b"{}")
    others = [("PUT", "/api/v1/tokens", b"{}"), ("POST", "/api/v1/token", b"s{}"), ("POST", "/api/v1/tokens", b"")]
    assert all(call_digest(*other) != same for other in others)


def test_done_without_begin_leaves_nothing_behind(database, cast):
    token = database.transaction(made_with(None, person=cast.bob))
    database.transaction(lambda session: FormOnce("new", NONCE).done(session, token))
    assert rows(database, FormNonce) == []
