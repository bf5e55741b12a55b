"""Which credential lets a call in, and the answer to each that does not."""

from itertools import combinations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from portal.accounts.service import lock_account
from portal.clock import utc_now
from portal.tokens.secret import make_secret
from tests.api.calls import ME, code
from tests.builders import ago, ahead, make_account_token, make_token

CARRIERS = ("Authorization", "X-Access-Token", "X-Api-Token")


def carried(carrier, secret):
    return {carrier: f"Bearer {secret}" if carrier == "Authorization" else secret}


def challenge(answer):
    return answer.headers.get("WWW-Authenticate")


def switch_api_access(database, account_id, *, on):
    def work(session):
        lock_account(session, account_id).api_access_enabled = on

    database.transaction(work)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_each_carrier_lets_a_good_token_in(nobody, database, cast, carrier):
    _, secret = make_token(database, cast.alice)

    assert nobody.get(headers=carried(carrier, secret)).status_code == 200


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "bEaReR"])
def test_the_scheme_is_case_insensitive(alices, nobody, scheme):
    assert nobody.get(headers={"Authorization": f"{scheme} {alices.secret}"}).status_code == 200


def test_without_a_token_the_challenge_names_no_error(nobody):
    answer = nobody.get()

    assert (answer.status_code, code(answer), challenge(answer)) == (401, "token_missing", 'Bearer realm="portal"')


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic YWxpY2U6eA=="},
        {"Authorization": "Token x"},
        {"X-Access-Token": ""},
        {"X-Api-Token": "x"},
        {"X-Api-Token": "pat_" + "0" * 43},
    ],
)
def test_a_header_without_a_token_in_it_is_malformed(nobody, headers):
    answer = nobody.get(headers=headers)

    assert (answer.status_code, code(answer)) == (401, "token_malformed")
    assert 'error="invalid_token"' in challenge(answer)


def test_bearer_twice_is_told(nobody, alices):
    answer = nobody.get(headers={"Authorization": f"Bearer Bearer {alices.secret}"})

    assert code(answer) == "token_malformed"
    assert "twice" in answer.get_json()["detail"]


def test_bearer_in_a_header_of_its_own_is_told(nobody, alices):
    answer = nobody.get(headers={"X-Api-Token": f"Bearer {alices.secret}"})

    assert code(answer) == "token_malformed"
    assert "without the word Bearer" in answer.get_json()["detail"]


def test_a_well_formed_stranger_is_unknown(nobody):
    answer = nobody.with_token(make_secret("pat").reveal()).get()

    assert (answer.status_code, code(answer)) == (401, "token_unknown")


@pytest.mark.parametrize("pair", list(combinations(CARRIERS, 2)))
@pytest.mark.parametrize("other", ["same", "somebody else's", "wrong", "empty"])
def test_ac_100_two_carriers_are_refused_even_when_equal(nobody, database, cast, pair, other):
    _, secret = make_token(database, cast.alice)
    others = {"same": secret, "somebody else's": make_token(database, cast.bob)[1], "wrong": "x", "empty": ""}

    answer = nobody.get(headers=carried(pair[0], secret) | carried(pair[1], others[other]))

    assert (answer.status_code, code(answer)) == (400, "ambiguous_credentials")
    assert 'error="invalid_request"' in challenge(answer)


def test_ac_100_a_header_sent_twice_is_refused(nobody, alices):
    for carrier in CARRIERS:
        value = carried(carrier, alices.secret)[carrier]

        assert code(nobody.get(headers={carrier: f"{value}, {value}"})) == "ambiguous_credentials"


def test_ac_032_the_verdict_is_the_same_by_every_carrier(nobody, database, cast):
    _, secret = make_token(database, cast.alice, scopes=("account:read",))

    for path, status in ((ME, 200), ("/api/v1/account", 200), ("/api/v1/tokens", 403)):
        answers = [nobody.get(path, headers=carried(carrier, secret)).status_code for carrier in CARRIERS]
        assert answers == [status] * 3, path


@pytest.mark.parametrize("value", ["Basic alice:{}", "token {}", "{}", "Digest {}"])
def test_ac_032_other_schemes_are_no_carrier(nobody, alices, value):
    answer = nobody.get(headers={"Authorization": value.format(alices.secret)})

    assert (answer.status_code, code(answer)) == (401, "token_malformed")


@pytest.mark.parametrize("field", ["api_token", "access_token", "token"])
def test_ac_110_a_token_in_the_address_is_no_credential(nobody, alices, field):
    answer = nobody.get(f"{ME}?{field}={alices.secret}")

    assert (answer.status_code, code(answer)) == (401, "token_missing")


MANGLED = {
    "one character": lambda secret: "x",
    "43 wrong characters": lambda secret: "pat_" + "-" * 43,
    "8 kB": lambda secret: secret * 170,
    "a line break after it": lambda secret: secret + "\n",
    "a blank after it": lambda secret: secret + " ",
    "a blank before it": lambda secret: " " + secret,
    "quotes": lambda secret: f'"{secret}"',
    "lower case": str.lower,
    "an encoded underscore": lambda secret: secret.replace("_", "%5F"),
    "the prefix alone": lambda secret: "pat_",
    "not ASCII": lambda secret: secret[:-1] + "é",
    "cut off": lambda secret: secret[:-1],
    "NUL": lambda secret: secret + "\0",
}


@pytest.mark.parametrize("mangle", MANGLED.values(), ids=MANGLED.keys())
def test_ac_106_a_mangled_token_is_refused(nobody, alices, mangle):
    mangled = mangle(alices.secret)
    for name, value in (("HTTP_AUTHORIZATION", f"Bearer {mangled}"), ("HTTP_X_API_TOKEN", mangled)):
        answer = nobody.get(environ_overrides={name: value})

        assert (answer.status_code, code(answer)) == (401, "token_malformed")


def test_ac_107_tokens_are_found_whole_never_by_their_beginning(nobody, alices, database):
    # The same 40 characters and a right checksum are as unknown as any other token.
    near = make_secret("pat").reveal()
    statement = f"SELECT digest FROM tokens WHERE digest = {database.lookup.placeholder}"

    assert code(nobody.with_token(near).get()) == "token_unknown"
    assert database.lookup.fetch_one(statement, alices.secret) is None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(st.characters(max_codepoint=255), max_size=80))
@example(value="Bearer")
@example(value="Bearer \xff")
@example(value="Bearer ,")
def test_no_other_value_of_authorization_is_let_in(alices, nobody, value):
    answer = nobody.get(environ_overrides={"HTTP_AUTHORIZATION": value})

    assert answer.status_code in {400, 401}


def test_a_deactivated_person_comes_first(nobody, database, cast, change_user):
    _, secret = make_token(database, cast.bob, expires_at=ago(hours=1), now=ago(days=1))
    change_user(cast.bob, deactivated_at=utc_now())

    assert code(nobody.with_token(secret).get()) == "user_inactive"


def test_an_account_token_while_api_access_is_off_is_told_so_and_later_that_it_is_revoked(
    nobody, database, cast, revoke
):
    token_id, secret = make_account_token(database, cast.alice)
    revoke(cast.alice, token_id)
    switch_api_access(database, cast.alice.account_id, on=False)
    off = nobody.with_token(secret).get()
    switch_api_access(database, cast.alice.account_id, on=True)

    assert (off.status_code, code(off)) == (401, "api_access_disabled")
    assert code(nobody.with_token(secret).get()) == "token_revoked"


def test_a_personal_token_does_not_depend_on_api_access(alices):
    assert alices.get("/api/v1/account").get_json()["api_access"] == {"enabled": False}


def test_revoked_comes_before_expired(nobody, database, cast, revoke):
    token_id, secret = make_token(database, cast.alice, expires_at=ago(hours=1), now=ago(days=1))
    expired = nobody.with_token(secret).get()
    revoke(cast.alice, token_id)

    assert (expired.status_code, code(expired)) == (401, "token_expired")
    assert code(nobody.with_token(secret).get()) == "token_revoked"


def test_each_dead_token_is_told_why_in_words_a_header_can_hold(nobody, database, cast, revoke):
    token_id, secret = make_token(database, cast.alice)
    revoke(cast.alice, token_id)

    value = challenge(nobody.with_token(secret).get())

    assert value == (
        'Bearer realm="portal", error="invalid_token", error_description="This token was revoked or replaced."'
    )


def test_an_answer_says_when_its_token_ends(program, cast):
    end = ahead(days=3)
    ending = program(cast.alice, expires_at=end)

    assert ending.get().headers["X-Token-Expires-At"] == end.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert ending.get("/api/v1/tokens/999").headers["X-Token-Expires-At"]


def test_a_token_that_never_ends_says_nothing(alices):
    assert "X-Token-Expires-At" not in alices.get().headers
