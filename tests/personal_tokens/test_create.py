"""Making a token: what the form takes, and what it makes."""

from datetime import UTC, datetime, time, timedelta

import pytest

from portal.audit import Action, ActorKind
from portal.clock import utc_now
from tests.builders import ahead, make_token
from tests.personal_tokens.steps import NAME, NEW, create, events, nonces, token, tokens_of, works


def test_the_form_offers_what_the_contract_says(bob):
    page = bob.get(NEW)
    lives = ["30 days", "60 days", "90 days", "1 year", "On a date", "Never"]
    assert [label.text_content() for label in page.all("//main//fieldset")[0].xpath(".//label")] == [*lives, "Date"]
    assert [legend.text for legend in page.all("//legend")][:2] == ["Expires", "Access"]
    assert "What will use this token? For example: Zapier: badge issuing" in page.main
    assert page.value("Name") == ""
    assert page.field("90 days").get("checked") is not None
    assert page.field("Full access").get("checked") is not None


def test_the_form_warns_what_a_token_can_do(bob):
    text = bob.get(NEW).main
    assert "can do what you can, and is not asked for your second factor" in text
    assert "dedicated integration user rather than an owner" in text


def test_creating_shows_the_secret_once_and_it_works(app, bob):
    page = create(bob)
    secret = page.value("Personal access token")
    assert (page.status, page.h1) == (200, "Copy your personal access token now")
    assert "You will not see it again. If you lose it, make a new one." in page.main
    assert secret.startswith("pat_")
    assert works(app, secret)


def test_the_created_page_offers_to_copy_to_test_and_to_go_on(bob):
    page = create(bob)
    secret = page.value("Personal access token")
    copied = {button.text_content().strip(): button.get("data-copy") for button in page.all("//button[@data-copy]")}
    assert copied == {"Copy token": secret, "Copy with Bearer": f"Bearer {secret}"}
    assert "Test this token" in page.buttons()
    assert f"Authorization: Bearer {secret}" in page.main
    assert "http://localhost:8000/api/v1/me" in page.main
    assert page.links()["Done, I have stored it"].startswith("/settings/tokens")


def test_the_list_shows_the_new_token_without_its_secret(bob):
    secret = create(bob).value("Personal access token")
    page = bob.get("/settings/tokens")
    assert NAME in page.main
    assert secret[:12] + "…" in page.main
    assert secret not in page.response.get_data(as_text=True)


def test_a_token_lives_90_days_with_full_access_unless_told_otherwise(database, cast, bob):
    create(bob)
    (made,) = tokens_of(database, cast.bob)
    assert made.expires_at - made.created_at == timedelta(days=90)
    assert made.scopes is None


@pytest.mark.parametrize(("choice", "days"), [("30", 30), ("60", 60), ("365", 365)])
def test_the_chosen_life_is_kept(database, cast, bob, choice, days):
    create(bob, expires=choice)
    (made,) = tokens_of(database, cast.bob)
    assert made.expires_at - made.created_at == timedelta(days=days)


def test_a_token_may_live_for_ever(database, cast, bob):
    create(bob, expires="never")
    assert tokens_of(database, cast.bob)[0].expires_at is None


@pytest.mark.parametrize("days", [0, 1, 3650])
def test_a_token_lives_until_the_end_of_its_date(database, cast, bob, days):
    day = ahead(days=days).date()
    create(bob, expires="date", date=day.isoformat())
    assert tokens_of(database, cast.bob)[0].expires_at == datetime.combine(day, time.max, UTC)


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", "Date: Enter a day like 2027-03-31"),
        ("tomorrow", "Date: Enter a day like 2027-03-31"),
        ("2027-02-30", "Date: Enter a day like 2027-03-31"),
        ("10000-01-01", "Date: Enter a day like 2027-03-31"),
        ("9999-12-31", "Date: Choose a day at most 3650 days ahead."),
        ("0001-01-01", "Date: This day is over."),
        ("2020-01-01", "Date: This day is over."),
        ("9" * 2000, "Date: Enter a day like 2027-03-31"),
    ],
)
def test_a_date_that_cannot_be_is_an_error_on_its_field(database, cast, bob, typed, error):
    page = create(bob, expires="date", date=typed)
    assert page.status == 422
    assert page.errors()[0].startswith(error)
    assert page.field("Date").get("aria-invalid") == "true"
    assert tokens_of(database, cast.bob) == []


def test_one_day_beyond_the_longest_life_is_refused(bob):
    page = create(bob, expires="date", date=ahead(days=3651).date().isoformat())
    assert page.errors() == ["Date: Choose a day at most 3650 days ahead."]


def test_the_date_counts_only_when_it_is_chosen(database, cast, bob):
    page = create(bob, expires="30", date="nonsense")
    assert page.status == 200
    assert len(tokens_of(database, cast.bob)) == 1


def test_chosen_scopes_are_kept_in_their_order_and_once(database, cast, bob):
    create(bob, access="chosen", scopes=["tokens:write", "account:read", "tokens:write"])
    assert tokens_of(database, cast.bob)[0].scopes == ("account:read", "tokens:write")


def test_chosen_scopes_without_one_is_an_error(database, cast, bob):
    page = create(bob, access="chosen")
    assert (page.status, page.errors()) == (422, ["Scopes: Choose at least one scope."])
    assert tokens_of(database, cast.bob) == []


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"expires": "10000"}, "Expires: Choose one of these."),
        ({"expires": None}, "Expires: Choose one of these."),
        ({"expires": "keep"}, "Expires: Choose one of these."),
        ({"access": "all"}, "Access: Choose one of these."),
        ({"access": None}, "Access: Choose one of these."),
        ({"access": "chosen", "scopes": ["owner:all"]}, "Scopes: Choose from this list."),
        ({"expires": ["30", "never"]}, "Expires: Send one value only."),
    ],
)
def test_asvs_v2_2_1_a_choice_that_is_not_offered_is_refused(database, cast, bob, fields, error):
    page = create(bob, **fields)
    assert (page.status, page.errors()) == (422, [error])
    assert tokens_of(database, cast.bob) == []


@pytest.mark.parametrize(
    "typed", ["", "   ", "x" * 101, "x" * 5000, "a\0b", "a\nb", "a\x1bb", "abc\u202ecba", "a\u200bb", "a\u2028b"]
)
def test_asvs_v2_2_1_a_name_that_cannot_be_is_an_error_on_its_field(database, cast, bob, typed):
    page = create(bob, typed)
    assert page.status == 422
    assert page.field("Name").get("aria-invalid") == "true"
    assert tokens_of(database, cast.bob) == []
    assert nonces(database) == []


@pytest.mark.parametrize(("typed", "kept"), [("  Zapier ", "Zapier"), ("Ö" * 100, "Ö" * 100), ("O\u0308", "Ö")])
def test_a_name_is_kept_trimmed_and_composed(database, cast, bob, typed, kept):
    create(bob, typed)
    assert tokens_of(database, cast.bob)[0].name == kept


def test_asvs_v1_1_1_a_name_is_decoded_once(database, cast, bob):
    create(bob, "%2541")
    assert tokens_of(database, cast.bob)[0].name == "%2541"


def test_a_refused_form_keeps_everything_that_was_typed(bob):
    page = create(bob, " Zapier ", expires="date", date="2020-01-01", access="chosen", scopes=["tokens:read"])
    assert page.value("Name") == " Zapier "
    assert page.value("Date") == "2020-01-01"
    for label in ("On a date", "Chosen scopes", "tokens:read"):
        assert page.field(label).get("checked") is not None, label
    assert page.field("tokens:write").get("checked") is None


def test_every_error_is_told_at_once(bob):
    page = create(bob, "", expires="date", date="x", access="chosen")
    assert [error.split(":")[0] for error in page.errors()] == ["Name", "Date", "Scopes"]


@pytest.mark.parametrize("again", [NAME, NAME.upper(), f" {NAME} "])
def test_a_name_in_use_is_an_error_on_the_field_and_uses_up_no_nonce(database, cast, bob, again):
    make_token(database, cast.bob, NAME)
    page = create(bob, again)
    assert page.status == 422
    assert page.errors()[0].startswith("Name: That name is used by another of your tokens.")
    assert nonces(database) == []
    assert page.submit("Create token", name="Another name").status == 200


def test_look_alike_spellings_are_one_name(database, cast, bob):
    make_token(database, cast.bob, "Straße")
    assert create(bob, "STRASSE").status == 422


def test_two_people_may_use_one_name(database, cast, bob, adam):
    assert create(bob).status == 200
    assert create(adam).status == 200


def test_an_expired_token_keeps_its_name(database, cast, bob):
    make_token(database, cast.bob, NAME, expires_at=utc_now())
    page = create(bob)
    assert "revoke or rotate the other token" in page.errors()[0]


def test_creating_is_recorded_with_who_and_from_where(database, cast, bob):
    create(bob)
    (event,) = events(database, Action.TOKEN_CREATED)
    (made,) = tokens_of(database, cast.bob)
    assert (event.actor_kind, event.actor_id, event.outcome) == (ActorKind.USER, cast.bob.id, "done")
    assert (event.token_id, event.target_name, event.address) == (made.id, NAME, "127.0.0.1")


def test_nothing_of_the_secret_but_its_digest_and_hint_is_stored(database, cast, bob):
    secret = create(bob).value("Personal access token")
    made = token(database, tokens_of(database, cast.bob)[0].id)
    stored = " ".join(str(value) for value in vars(made).values())
    assert secret not in stored
    assert secret[12:] not in stored
    assert made.hint == secret[:12] + "…"


@pytest.mark.parametrize("who", ["alice", "adam", "bob", "charlie"])
def test_every_role_may_create(cast, browser_of, who):
    assert create(browser_of(getattr(cast, who))).status == 200


def test_a_stranger_is_sent_to_sign_in(stranger):
    for path in ("/settings/tokens", NEW, "/settings/tokens/1", "/settings/tokens/1/revoke"):
        page = stranger.get(path)
        assert page.status == 303
        assert page.location.startswith("/sign-in?next=")


def test_a_form_without_its_csrf_token_makes_nothing(database, cast, bob):
    page = bob.get(NEW).submit("Create token", name=NAME, csrf_token="forged")
    assert page.status == 400
    assert tokens_of(database, cast.bob) == []


def test_each_label_is_the_only_one_with_its_words(bob):
    labels = [label.text_content().lower() for label in bob.get(NEW).all("//main//label")]
    for words in (
        "name",
        "30 days",
        "60 days",
        "90 days",
        "1 year",
        "on a date",
        "never",
        "full access",
        "chosen scopes",
    ):
        assert len([label for label in labels if words in label]) == 1, words
