"""The account's lock, and who acts once it is held."""

import pytest

from portal.accounts.models import Role, User
from portal.accounts.service import NoSuchUser, find_user_by_email, lock_account, lock_acting_user, lock_user
from portal.audit import OPERATOR, Actor, ActorKind
from portal.clock import utc_now
from portal.errors import NotAllowed, NotFound
from tests.builders import actor_of


def test_the_lock_hands_out_the_account(database, cast):
    account = database.transaction(lambda session: lock_account(session, cast.bob.account_id))
    assert account.name == "Acme"


def test_an_account_that_is_not_there_cannot_be_locked(database, cast):
    with pytest.raises(NotFound):
        database.transaction(lambda session: lock_account(session, 10_000))


def test_the_lock_reads_what_has_changed_since(database, cast):
    def work(session):
        seen = lock_account(session, cast.bob.account_id)
        session.connection().exec_driver_sql("UPDATE accounts SET name = 'Renamed'")
        return lock_account(session, cast.bob.account_id).name, seen.name

    assert database.transaction(work) == ("Renamed", "Renamed")


def test_who_acts_is_read_again_under_the_lock(database, cast):
    user = database.transaction(lambda session: lock_acting_user(session, actor_of(cast.bob)))
    assert user.email == cast.bob.email


def test_a_person_deactivated_meanwhile_may_not_act(database, cast):
    def deactivate(session):
        session.get_one(User, cast.bob.id).deactivated_at = utc_now()

    database.transaction(deactivate)
    with pytest.raises(NotAllowed):
        database.transaction(lambda session: lock_acting_user(session, actor_of(cast.bob)))


def test_a_role_that_is_too_small_may_not_act(database, cast):
    with pytest.raises(NotAllowed):
        database.transaction(lambda session: lock_acting_user(session, actor_of(cast.bob), at_least=Role.ADMIN))
    assert database.transaction(lambda session: lock_acting_user(session, actor_of(cast.adam), at_least=Role.ADMIN))


def test_nobody_acts_in_another_account(database, cast):
    mixed = Actor(kind=ActorKind.USER, account_id=cast.charlie.account_id, id=cast.bob.id, name="Bob")
    for actor in (mixed, OPERATOR):
        with pytest.raises(NotAllowed):
            database.transaction(lambda session, actor=actor: lock_acting_user(session, actor))


@pytest.mark.parametrize("typed", ["bob@acme.example", " BOB@Acme.Example ", "ｂob@acme.example"])
def test_people_are_found_by_any_spelling_of_their_address(database, cast, typed):
    with database.reading() as session:
        assert find_user_by_email(session, typed).id == cast.bob.id


def test_a_person_is_locked_by_address(database, cast):
    assert database.transaction(lambda session: lock_user(session, cast.bob.email)).id == cast.bob.id
    with pytest.raises(NoSuchUser):
        database.transaction(lambda session: lock_user(session, "nobody@acme.example"))


def test_roles_include_those_below():
    assert Role.OWNER.is_at_least(Role.ADMIN)
    assert Role.ADMIN.is_at_least(Role.ADMIN)
    assert not Role.MEMBER.is_at_least(Role.ADMIN)
