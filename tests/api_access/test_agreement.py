"""Agreeing to the statement: what it makes, what it records, and that the secret is shown once."""

import re

from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import select, text

from portal.accounts.models import User
from portal.api_access.models import DEFAULT_STATEMENT, AgreedStatement, Agreement, read_statement
from portal.clock import utc_now
from portal.database import Base
from tests.api_access.conftest import PATH
from tests.api_access.steps import get_token, secret_on, turn_off, turn_on

SECRET = re.compile(r"acc_[0-9A-Za-z]{43}")
HINT = re.compile(r"acc_[0-9A-Za-z]{8}…")


def detail(page, term):
    """What the summary says about `term`."""
    (found,) = page.root.xpath("//dt[.=$term]/following-sibling::dd", term=term)
    return " ".join(found.text_content().split())


def test_agreeing_shows_the_token_with_the_word_bearer(alice):
    page = turn_on(alice).submit("Agree")

    assert page.status == 200
    assert page.h1 == "Copy your API access token now"
    assert re.fullmatch(r"Bearer acc_[0-9A-Za-z]{43}", page.value("API access token"))
    assert page.field("API access token").get("readonly") is not None


def test_the_page_with_the_token_is_kept_nowhere(alice):
    page = turn_on(alice).submit("Agree")

    assert page.response.headers["Cache-Control"] == "no-store"


def test_the_page_with_the_token_offers_to_copy_it_with_and_without_the_word(alice):
    page = turn_on(alice).submit("Agree")

    secret = secret_on(page)
    assert page.all("//button[@data-copy]/@data-copy") == [f"Bearer {secret}", secret]
    assert {"Copy with Bearer", "Copy token only", "Test this token"} <= set(page.buttons())
    assert "Some tools want the word Bearer in front of the token, some do not" in page.main


def test_the_samples_hold_the_public_address_and_the_token(alice):
    page = turn_on(alice).submit("Agree")

    samples = [sample.text_content() for sample in page.all("//pre")]
    assert len(samples) >= 3
    assert f'curl -i -H "Authorization: Bearer {secret_on(page)}"' in samples[0]
    assert all("http://localhost:8000" in sample and secret_on(page) in sample for sample in samples)


def test_the_token_acts_for_the_account(alice, cast, call, account_tokens):
    secret = get_token(alice)

    (token,) = account_tokens()
    assert call(secret) == "200"
    assert (token.name, token.user_id, token.made_by_id) == ("API access", None, cast.alice.id)
    assert (token.scopes, token.expires_at) == (None, None)


def test_the_agreement_is_kept_with_who_when_what_and_from_where(alice, cast, database, account_tokens):
    get_token(alice)

    statement = read_statement(DEFAULT_STATEMENT)
    with database.reading() as session:
        agreement = session.scalars(select(Agreement)).one()
        kept = session.get_one(AgreedStatement, agreement.statement_id)
    assert (agreement.account_id, agreement.user_id) == (cast.alice.account_id, cast.alice.id)
    assert (agreement.token_id, agreement.address) == (account_tokens()[0].id, "127.0.0.1")
    assert (kept.version, kept.text) == (statement.version, statement.text)
    assert abs((utc_now() - agreement.agreed_at).total_seconds()) < 60


def test_agreeing_is_recorded_before_the_token_that_came_of_it(alice, log):
    get_token(alice)

    agreed, created = log()[-2:]
    version = read_statement(DEFAULT_STATEMENT).version
    assert (agreed.action, agreed.actor, agreed.target, agreed.detail) == (
        "statement.agreed", "Alice", "account Acme", version,
    )  # fmt: skip
    assert (created.action, created.actor, created.target) == ("token.created", "Alice", "token API access")


def test_one_text_is_kept_once_however_many_agree_to_it(alice, charlie, database):
    get_token(alice)
    get_token(charlie)

    with database.reading() as session:
        assert len(session.scalars(select(Agreement)).all()) == 2
        assert len(session.scalars(select(AgreedStatement)).all()) == 1


def test_with_a_token_the_page_says_whose_work_it_is_and_how_to_go_on(alice, account_tokens):
    get_token(alice)

    page = alice.get(PATH)

    assert detail(page, "Token") == account_tokens()[0].hint
    assert detail(page, "Made").startswith("by Alice on")
    assert detail(page, "Last used") == "Never"
    assert page.links()["Rotate token"] == f"{PATH}/rotate"
    assert page.field("Enable API access").get("checked") is not None


def test_a_use_shows_on_the_page(app, alice, call):
    secret = get_token(alice)
    call(secret)
    app.extensions["portal"].recorder.flush()

    assert detail(alice.get(PATH), "Last used").startswith("just now")


def test_no_page_shows_the_secret_again(alice):
    secret = get_token(alice)

    for path in (PATH, f"{PATH}/rotate", f"{PATH}/disable"):
        page = alice.get(path)
        assert page.status == 200
        assert secret not in page.response.get_data(as_text=True)


def test_the_secret_is_in_no_row(alice, database):
    secret = get_token(alice)

    with database.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            rows = connection.execute(text(f"SELECT * FROM {table.name}")).all()
            assert not [row for row in rows if secret in repr(tuple(row)) or secret[4:] in repr(tuple(row))]


def test_the_secret_is_not_in_the_cookie(alice):
    secret = get_token(alice)

    with alice.client.session_transaction(base_url=alice.base_url) as cookie:
        assert secret not in repr(dict(cookie))


def test_ac_025_no_token_bytes_before_agreeing(alice, account_tokens):
    shown = [alice.get(path) for path in (PATH, f"{PATH}/rotate", f"{PATH}/disable")]
    page = turn_on(alice)
    shown += [page, alice.get(f"{PATH}/rotate"), alice.get(f"{PATH}/disable")]
    shown.append(page.submit("Agree", statement="2020-01-01-00000000"))
    shown.append(page.submit("Agree", version=None))

    assert not [one.response.request.path for one in shown if SECRET.search(one.response.get_data(as_text=True))]
    assert account_tokens() == []


def test_ac_025_after_turning_off_and_on_there_is_another_token(alice, call):
    first = get_token(alice)
    turn_off(alice)

    second = get_token(alice)

    assert first != second
    assert (call(first), call(second)) == ("token_revoked", "200")


def test_ac_118_reloading_the_page_makes_no_second_token(alice, account_tokens):
    form = turn_on(alice)
    secret = secret_on(form.submit("Agree"))

    answer = form.submit("Agree")

    assert (answer.status, answer.location) == (303, PATH)
    page = answer.follow()
    assert "already created, it cannot be shown again" in page.main
    assert "rotate it and copy the new one" in page.main
    assert secret not in page.response.get_data(as_text=True)
    assert len(account_tokens()) == 1


def test_reloading_after_it_was_turned_off_says_how_to_get_a_new_one(alice, account_tokens):
    form = turn_on(alice)
    form.submit("Agree")
    turn_off(alice)

    page = form.submit("Agree").follow()

    assert (
        "already created, it cannot be shown again. If you did not copy it, make a new one on this page." in page.main
    )
    assert len(account_tokens()) == 1


def test_a_refused_form_uses_up_no_nonce(alice):
    form = turn_on(alice)
    form.submit("Agree", statement="2020-01-01-00000000")

    assert form.submit("Agree").status == 200


def test_a_form_without_its_nonce_makes_nothing(alice, account_tokens):
    page = turn_on(alice).submit("Agree", nonce="")

    assert page.status == 422
    assert "That form was incomplete. Nothing was done." in page.main
    assert account_tokens() == []


def test_a_form_with_its_nonce_twice_makes_nothing(alice, account_tokens):
    form = turn_on(alice)
    nonce = form.hidden("nonce")

    assert form.submit("Agree", nonce=[nonce, nonce]).status == 422
    assert account_tokens() == []


def test_a_fault_in_the_page_leaves_no_token_that_nobody_saw(app, alice, account_tokens, log, database):
    form = turn_on(alice)
    broken = DictLoader({"api_access/created.html": "{{ secret }}{{ nothing_of_that_name }}"})
    app.jinja_loader = ChoiceLoader([broken, app.jinja_loader])

    page = form.submit("Agree")

    assert page.status == 500
    assert not SECRET.search(page.response.get_data(as_text=True))
    assert account_tokens() == []
    assert [event.action for event in log()] == ["api_access.enabled"]
    with database.reading() as session:
        assert session.scalars(select(Agreement)).all() == []


def test_agreeing_while_it_is_off_makes_nothing(alice, second_owner, account_tokens):
    form = turn_on(alice)
    turn_off(second_owner)

    page = form.submit("Agree")

    assert page.status == 409
    assert "Adam turned API access off on" in page.main
    assert account_tokens() == []


def test_agreeing_where_there_is_a_token_makes_none_even_with_the_right_version(alice, account_tokens):
    form = turn_on(alice)
    form.submit("Agree")
    present = alice.get(PATH).hidden("version")

    page = form.submit("Agree", version=present, nonce="another-nonce-0123456789")

    assert page.status == 409
    assert "You created the token on" in page.main
    assert len(account_tokens()) == 1


def test_ac_004_deactivating_the_owner_who_made_it_leaves_the_token_alive(alice, second_owner, cast, database, call):
    secret = get_token(alice)

    def deactivate(session):
        session.get_one(User, cast.alice.id).deactivated_at = utc_now()

    database.transaction(deactivate)

    assert call(secret) == "200"
    assert detail(second_owner.get(PATH), "Made").startswith("by Alice on")
