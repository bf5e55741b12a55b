"""Two at once: owners who agree, forms that are sent twice, switching on and off. On both databases."""

from functools import partial

from portal.accounts.models import Account
from tests.api_access.conftest import PATH
from tests.api_access.steps import get_token, rotate, secret_on, turn_off, turn_on
from tests.races.together import together

ROUNDS = 20


def test_of_two_owners_in_a_row_the_second_is_told_who_did_it_and_when(alice, second_owner, account_tokens):
    turn_on(alice)
    forms = [alice.get(PATH), second_owner.get(PATH)]
    secret = secret_on(forms[0].submit("Agree"))

    page = forms[1].submit("Agree")

    assert page.status == 409
    assert "Alice created the token on" in page.main
    assert "UTC" in page.main
    assert account_tokens()[0].hint in page.main
    assert secret not in page.response.get_data(as_text=True)


def test_f26_of_two_owners_who_agree_at_once_one_gets_the_token_and_the_other_is_told(
    alice, second_owner, account_tokens, call, log
):
    for number in range(ROUNDS):
        turn_on(alice)
        forms = [alice.get(PATH), second_owner.get(PATH)]

        pages = together([partial(form.submit, "Agree") for form in forms])

        won, lost = sorted(pages, key=lambda page: page.status)
        assert (won.status, lost.status) == (200, 409)
        assert call(secret_on(won)) == "200"
        assert "Alice created the token on" in lost.main or "Adam created the token on" in lost.main
        assert [token.is_current for token in account_tokens()] == [False] * number + [True]
        assert [event.action for event in log()].count("statement.agreed") == number + 1
        turn_off(alice)


def test_ac_119_a_form_sent_twice_at_once_makes_one_token(alice, account_tokens):
    form = turn_on(alice)

    answers = together([partial(form.submit, "Agree")] * 2)

    assert sorted(answer.status for answer in answers) == [200, 303]
    assert len(account_tokens()) == 1
    assert "already created, it cannot be shown again" in alice.get(PATH).main


def test_of_two_owners_who_rotate_at_once_one_wins(alice, second_owner, account_tokens):
    get_token(alice)
    for number in range(2, 7):
        forms = [owner.get(f"{PATH}/rotate") for owner in (alice, second_owner)]

        answers = together([partial(form.submit, "Agree") for form in forms])

        assert sorted(answer.status for answer in answers) == [200, 409]
        assert len(account_tokens()) == number


def test_two_accounts_may_be_the_first_to_agree_to_a_text_at_once(alice, charlie):
    forms = [turn_on(alice), turn_on(charlie)]

    answers = together([partial(form.submit, "Agree") for form in forms])

    assert [answer.status for answer in answers] == [200, 200]


def switch_on_and_agree(owner):
    answer = owner.get(PATH).submit("Update", enabled="y")
    form = owner.get(PATH)
    return form.submit("Agree") if "Agree" in form.buttons() else answer


def switch_off(owner):
    page = owner.get(f"{PATH}/disable")
    return page if page.is_redirect else page.submit("Turn API access off")


def test_f27_switching_on_and_off_at_once_ends_as_the_last_one_left_it(
    second_owner, cast, browser_of, database, account_tokens, log
):
    owners = [browser_of(person) for person in (cast.alice, cast.adam, cast.alice, cast.adam)]
    deeds = [switch_on_and_agree, switch_off] * 2

    for _ in range(6):
        answers = together([partial(deed, owner) for deed, owner in zip(deeds, owners, strict=True)])
        assert {answer.status for answer in answers} <= {200, 303, 409}

    switched = [event.action for event in log() if event.action.startswith("api_access.")]
    with database.reading() as session:
        is_on = session.get_one(Account, cast.alice.account_id).api_access_enabled
    assert is_on == (switched[-1] == "api_access.enabled")
    assert set(switched[::2]) == {"api_access.enabled"}
    assert set(switched[1::2]) <= {"api_access.disabled"}
    assert sum(token.is_current for token in account_tokens()) <= int(is_on)


def test_f27_turning_off_while_another_rotates_leaves_nothing_alive(alice, second_owner, account_tokens):
    for _ in range(5):
        get_token(alice)
        rotate(alice)
        forms = [alice.get(f"{PATH}/disable"), second_owner.get(f"{PATH}/rotate")]

        off, _rotated = together([partial(forms[0].submit, "Turn API access off"), partial(forms[1].submit, "Agree")])
        if off.status == 409:
            off.submit("Turn API access off")

        assert all(token.revoked_at for token in account_tokens())
