"""The operator's verbs: who is added, shut out and let in again, and what dies with it."""

import pytest

from portal.accounts.models import Account, Role, User
from portal.accounts.service import NoSuchUser
from portal.audit import OPERATOR
from portal.authentication.authenticator import Authenticator
from portal.authentication.refused import Refused
from portal.clock import utc_now
from portal.current import running_in
from portal.errors import PortalError
from portal.members import service
from portal.members.service import AlreadyActive, AlreadyInactive, EmailTaken, LastOwner, NoSuchAccount
from tests.accounts.log import actions, events
from tests.builders import make_account_token, make_token
from tests.sign_in.test_sign_in import sign_in

HASH = "$argon2id$unused"


def add_owner(database, account="Acme", email="dora@acme.example", name="Dora"):
    return database.transaction(
        lambda session: service.add_owner(
            session, account_name=account, email=email, name=name, password_hash=HASH, now=utc_now()
        )
    )


def add_user(database, account="Acme", email="dora@acme.example", role=Role.MEMBER):
    return database.transaction(
        lambda session: service.add_user(
            session, account_name=account, email=email, name="Dora", role=role, password_hash=HASH, now=utc_now()
        )
    )


def deactivate(database, email):
    return database.transaction(lambda session: service.deactivate(session, OPERATOR, email=email, now=utc_now()))


def reactivate(database, email):
    return database.transaction(lambda session: service.reactivate(session, OPERATOR, email=email, now=utc_now()))


@pytest.fixture
def authenticate(app):
    running = running_in(app)
    authenticator = Authenticator(running.settings, running.database, running.recorder)
    return lambda secret: authenticator.authenticate(secret, address=None)


def test_an_owner_of_a_new_account_makes_the_account(database):
    owner = add_owner(database)
    assert (owner.role, owner.account.name) == (Role.OWNER, "Acme")
    rows = events(database)
    assert [(row.action, row.actor_kind, row.target_name) for row in rows] == [
        ("account.created", "operator", "Acme"),
        ("user.created", "operator", "Dora"),
    ]
    assert {row.account_id for row in rows} == {owner.account_id}


@pytest.mark.parametrize("spelled", ["Acme", "ACME", " acme "])
def test_an_account_that_is_there_gets_another_owner(database, cast, spelled):
    owner = add_owner(database, account=spelled)
    assert owner.account_id == cast.alice.account_id
    assert actions(database) == ["user.created"]


def test_a_person_is_added_with_a_role(database, cast):
    user = add_user(database, role=Role.ADMIN)
    assert (user.role, user.account_id) == (Role.ADMIN, cast.alice.account_id)
    [event] = events(database)
    assert (event.actor_kind, event.target_id, event.detail) == ("operator", user.id, "admin")


def test_nobody_is_added_to_an_account_that_is_not_there(database, cast):
    with pytest.raises(NoSuchAccount, match="no account of that name"):
        add_user(database, account="Initech")
    with database.reading() as session:
        assert session.query(Account).count() == 2


@pytest.mark.parametrize(
    "email", ["bob@acme.example", "BOB@ACME.example", "ｂob@acme.example", "charlie@globex.example"]
)
def test_ac_080_an_address_belongs_to_one_person_over_all_accounts(database, cast, email):
    with pytest.raises(EmailTaken, match="in use"):
        add_user(database, email=email)
    with pytest.raises(EmailTaken):
        add_owner(database, account="Initech", email=email)
    with database.reading() as session:
        assert session.query(User).count() == 4
        assert session.query(Account).count() == 2


def test_ac_079_a_ligature_is_the_letters_it_stands_for_and_a_dotless_i_is_not(database, cast):
    add_user(database, email="fi@acme.example")
    with pytest.raises(EmailTaken):
        add_user(database, email="ﬁ@acme.example")
    add_user(database, email="mike@acme.example")
    assert add_user(database, email="mıke@acme.example").email_key == "mıke@acme.example"


def test_the_address_of_a_deactivated_person_stays_theirs(database, cast):
    deactivate(database, cast.bob.email)
    with pytest.raises(EmailTaken):
        add_user(database, email=cast.bob.email)


def test_f28_a_deactivated_persons_tokens_and_sessions_die_at_once(authenticate, bob, cast, database):
    _, secret = make_token(database, cast.bob)
    assert authenticate(secret).user_id == cast.bob.id
    deactivate(database, cast.bob.email)
    assert bob.get("/settings/profile").status == 303
    with pytest.raises(Refused) as refused:
        authenticate(secret)
    assert refused.value.code == "user_inactive"


def test_tokens_and_sessions_stay_dead_when_a_person_is_let_in_again(authenticate, bob, stranger, cast, database):
    _, secret = make_token(database, cast.bob)
    deactivate(database, cast.bob.email)
    reactivate(database, cast.bob.email)
    assert bob.get("/settings/profile").status == 303
    with pytest.raises(Refused) as refused:
        authenticate(secret)
    assert refused.value.code == "token_revoked"
    assert sign_in(stranger, cast.bob.email, cast.bob.password).status == 303


def test_the_accounts_token_lives_on_without_the_owner_who_made_it(authenticate, cast, database):
    add_owner(database)
    _, secret = make_account_token(database, cast.alice)
    deactivate(database, cast.alice.email)
    assert authenticate(secret).account_id == cast.alice.account_id


def test_deactivation_and_what_it_revoked_are_recorded(cast, database):
    make_token(database, cast.bob, "Zapier")
    deactivate(database, cast.bob.email)
    rows = [row for row in events(database) if row.actor_kind == "operator"]
    assert [(row.action, row.target_name, row.detail) for row in rows] == [
        ("user.deactivated", "Bob", None),
        ("token.revoked", "Zapier", "person deactivated"),
    ]


def test_letting_in_again_is_recorded(cast, database):
    deactivate(database, cast.bob.email)
    reactivate(database, cast.bob.email)
    [event] = events(database, "user.reactivated")
    assert (event.actor_kind, event.target_id) == ("operator", cast.bob.id)


def test_the_last_active_owner_cannot_be_shut_out(cast, database):
    with pytest.raises(LastOwner, match="last active owner"):
        deactivate(database, cast.alice.email)
    add_owner(database)
    deactivate(database, cast.alice.email)
    with pytest.raises(LastOwner):
        deactivate(database, "dora@acme.example")


def test_an_owner_of_another_account_does_not_count(cast, database):
    with pytest.raises(LastOwner):
        deactivate(database, cast.charlie.email)


def test_what_already_holds_is_said(cast, database):
    with pytest.raises(AlreadyActive, match="active already"):
        reactivate(database, cast.bob.email)
    deactivate(database, cast.bob.email)
    with pytest.raises(AlreadyInactive, match="deactivated already"):
        deactivate(database, cast.bob.email)


@pytest.mark.parametrize("verb", [deactivate, reactivate])
def test_an_address_nobody_has_is_said(cast, database, verb):
    with pytest.raises(NoSuchUser, match="Nobody here has that email address"):
        verb(database, "nobody@acme.example")


@pytest.mark.parametrize("error", [EmailTaken, NoSuchAccount, NoSuchUser, LastOwner, AlreadyInactive, AlreadyActive])
def test_every_refusal_is_a_sentence(error):
    assert issubclass(error, PortalError)
    assert str(error()).endswith(".")
