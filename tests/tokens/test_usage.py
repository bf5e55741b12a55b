"""When a token was last used: noted in memory, written in batches, never backwards."""

from datetime import timedelta

from portal.current import running_in
from portal.recorder import MOST_NOTES
from portal.tokens.models import Token
from portal.tokens.usage import LastUses
from tests.builders import ago, make_token
from tests.personal_tokens.steps import token, works


def test_a_use_is_written_when_the_notes_are(app, database, cast):
    token_id, secret = make_token(database, cast.bob)
    works(app, secret)
    assert token(database, token_id).last_used_at is None
    running_in(app).recorder.flush()
    assert ago(minutes=1) < token(database, token_id).last_used_at


def test_the_latest_of_several_uses_counts(database, cast):
    token_id, _ = make_token(database, cast.bob)
    uses, last = LastUses(), ago(minutes=1)
    for at in (last - timedelta(hours=1), last):
        uses.note(token_id, at)
    uses.write(database, is_last=False)
    assert token(database, token_id).last_used_at == last


def test_an_older_use_of_another_process_never_overwrites_a_newer_one(database, cast):
    token_id, _ = make_token(database, cast.bob)
    here, there, last = LastUses(), LastUses(), ago(minutes=1)
    here.note(token_id, last)
    there.note(token_id, last - timedelta(seconds=1))
    here.write(database, is_last=False)
    there.write(database, is_last=True)
    assert token(database, token_id).last_used_at == last


def test_notes_are_written_once(database, cast):
    token_id, _ = make_token(database, cast.bob)
    uses = LastUses()
    uses.note(token_id, ago(minutes=1))
    uses.write(database, is_last=False)
    database.transaction(lambda session: setattr(session.get_one(Token, token_id), "last_used_at", None))
    uses.write(database, is_last=True)
    assert token(database, token_id).last_used_at is None


def test_without_notes_the_database_is_not_asked(database, cast):
    database.close()
    LastUses().write(database, is_last=True)


def test_a_use_of_a_token_that_is_gone_is_dropped(database, cast):
    uses = LastUses()
    uses.note(10**6, ago(minutes=1))
    uses.write(database, is_last=False)


def test_notes_are_bounded_and_those_that_are_kept_stay_fresh():
    uses, first, last = LastUses(), ago(minutes=2), ago(minutes=1)
    for token_id in range(MOST_NOTES + 10):
        uses.note(token_id, first)
    uses.note(0, last)
    assert len(uses._used_at) == MOST_NOTES
    assert uses._used_at[0] == last
