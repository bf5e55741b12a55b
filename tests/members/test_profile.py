"""One's own name: how others see it, and nothing else."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.clock import utc_now
from portal.errors import NotAllowed
from portal.members import service
from portal.names import LONGEST_NAME, UnfitName, clean_name
from tests.accounts.log import events
from tests.builders import actor_of

SCRIPTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "javascript:alert(1)",
    "' or 1=1 --",
    "&lt;b&gt;",
)


def save(browser, name):
    return browser.get("/settings/profile").submit("Save", name=name)


def test_the_page_shows_who_one_is(bob):
    page = bob.get("/settings/profile")
    assert page.h1 == "Profile"
    assert page.value("Your name") == "Bob"
    assert "bob@acme.example" in page.main
    assert "Member" in page.main


def test_a_new_name_is_kept_and_shown(bob):
    answer = save(bob, "  Bob Builder ")
    assert (answer.status, answer.location) == (303, "/settings/profile")
    page = answer.follow()
    assert "Your profile is saved." in page.main
    assert page.value("Your name") == "Bob Builder"


def test_a_new_name_is_recorded_with_the_former_one(bob, cast, database):
    save(bob, "Bob Builder")
    [event] = events(database)
    assert (event.action, event.outcome, event.detail) == ("user.renamed", "done", "before: Bob")
    assert (event.actor_id, event.target_id, event.target_name) == (cast.bob.id, cast.bob.id, "Bob Builder")


def test_the_same_name_again_records_nothing(bob, database):
    assert save(bob, "Bob").status == 303
    assert events(database) == []


def test_nobody_elses_name_changes(bob, alice):
    save(bob, "Bob Builder")
    assert alice.get("/settings/profile").value("Your name") == "Alice"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "Enter a name."),
        ("   ", "Enter a name."),
        (None, "Enter a name."),
        ("x" * 101, "Use at most 100 characters. This has 101."),
        ("x" * 50_000, "Use at most 100 characters."),
        ("Bob\u202e", "Remove the invisible or control characters."),
        ("Bo\u0007b", "Remove the invisible or control characters."),
        (["Bob", "Eve"], "Send one value only."),
    ],
)
def test_ac_115_a_name_that_cannot_be_taken_is_answered_on_the_field(bob, name, error):
    page = save(bob, name)
    assert page.status == 422
    assert page.errors()[0].startswith(f"Your name: {error}")
    assert page.field("Your name").get("aria-invalid") == "true"
    assert bob.get("/settings/profile").value("Your name") == "Bob"


def test_what_was_typed_is_kept(bob):
    assert save(bob, "x" * 101).value("Your name") == "x" * 101


@pytest.mark.parametrize("name", SCRIPTS)
def test_ac_122_a_name_is_text_on_every_page(bob, name):
    save(bob, name)
    for path in ("/settings/profile", "/settings/security", "/nowhere"):
        page = bob.get(path)
        assert name in page.text
        assert not page.all("//script[not(@src)]")
        assert not page.all("//main//img")
    assert bob.get("/settings/profile").value("Your name") == name


@pytest.mark.parametrize("name", ["Zoë", "Алиса", "アリス", "أليس", "अलिस", "Bob 🦊", "O’Neil-Smith Jr."])
def test_names_of_every_script_are_kept(bob, name):
    save(bob, name)
    assert bob.get("/settings/profile").value("Your name") == name


def test_a_person_deactivated_meanwhile_changes_nothing(database, cast):
    actor = actor_of(cast.bob)
    database.transaction(lambda session: service.deactivate(session, actor, email=cast.bob.email, now=utc_now()))
    with pytest.raises(NotAllowed):
        database.transaction(lambda session: service.rename(session, actor, name="Eve", now=utc_now()))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(name=st.text(max_size=LONGEST_NAME + 5))
def test_every_name_is_either_kept_or_refused_on_its_field(bob, name):
    answer = save(bob, name)
    try:
        kept = clean_name(name)
    except UnfitName:
        assert answer.status == 422
    else:
        assert answer.status == 303
        assert bob.get("/settings/profile").value("Your name") == kept
