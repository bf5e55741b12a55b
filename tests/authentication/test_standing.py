"""How tokens stand that were let in a while ago: what the check of a call would say of them, all in one read."""

from sqlalchemy import update

from portal.accounts.models import Account, User
from portal.authentication import standing
from portal.authentication.principal import Principal
from portal.authentication.refused import Refused
from portal.authentication.standing import standing_of
from portal.clock import utc_now
from portal.tokens.models import Kind, Token
from tests.builders import ago, make_account_token, make_token


def ask(database, *token_ids):
    with database.snapshot() as session:
        return standing_of(session, token_ids, account_scopes=("events:read",), now=utc_now())


def code(found):
    assert isinstance(found, Refused)
    return found.code


def test_living_tokens_act_for_whom_they_act(database, cast):
    personal, _ = make_token(database, cast.bob, scopes=("events:read",))
    account, _ = make_account_token(database, cast.alice)
    found = ask(database, personal, account, 999)

    assert found.keys() == {personal, account}
    assert all(isinstance(one, Principal) for one in found.values())
    assert (found[personal].user_id, found[personal].role, found[personal].scopes) == (
        cast.bob.id, "member", ("events:read",),
    )  # fmt: skip
    assert (found[account].kind, found[account].user_id, found[account].role) == (Kind.ACCOUNT, None, "account")


def test_dead_ones_are_refused_as_a_call_would_be(database, cast):
    expired, _ = make_token(database, cast.bob, "Expired", expires_at=ago(hours=1))
    revoked, _ = make_token(database, cast.bob, "Revoked")
    inactive, _ = make_token(database, cast.adam)
    account, _ = make_account_token(database, cast.alice)

    def kill(session):
        session.execute(update(Token).where(Token.id == revoked).values(revoked_at=utc_now()))
        session.execute(update(User).where(User.id == cast.adam.id).values(deactivated_at=utc_now()))
        session.execute(update(Account).values(api_access_enabled=False))

    database.transaction(kill)
    found = ask(database, expired, revoked, inactive, account)

    assert [code(found[one]) for one in (expired, revoked, inactive, account)] == [
        "token_expired", "token_revoked", "user_inactive", "api_access_disabled",
    ]  # fmt: skip


def test_very_many_are_asked_for_in_several_goes(database, cast, monkeypatch):
    monkeypatch.setattr(standing, "_IN_ONE_GO", 2)
    made = [make_token(database, cast.bob, f"Token {number}")[0] for number in range(5)]

    assert ask(database, *made).keys() == set(made)
    assert ask(database) == {}
