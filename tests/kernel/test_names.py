"""Names and addresses that people give: what is taken, and when two are the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.names import LONGEST_NAME, UnfitName, clean_email, clean_name, email_key, name_key

# Two syllables with a joiner between them that keeps their letters apart, as Persian is written.
ZWNJ = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Zapier: badge issuing ", "Zapier: badge issuing"),
        ("Zürich", "Zürich"),
        ("Zu\u0308rich", "Zürich"),
        ("李小龍", "李小龍"),
        ("مفتاح", "مفتاح"),
        ("👩\u200d💻 build", "👩\u200d💻 build"),
        (ZWNJ, ZWNJ),
        ("x" * 100, "x" * 100),
        ("<b>", "<b>"),
    ],
)
def test_names_of_every_script_are_taken(typed, kept):
    assert clean_name(typed) == kept


@pytest.mark.parametrize("typed", ["", "   ", "\t\n", "\u3000"])
def test_an_empty_name_is_refused(typed):
    with pytest.raises(UnfitName, match="Enter a name"):
        clean_name(typed)


def test_a_name_that_is_too_long_is_told_its_length():
    with pytest.raises(UnfitName, match=r"at most 100 characters. This has 101"):
        clean_name("x" * 101)


@pytest.mark.parametrize(
    "character",
    ["\0", "\n", "\r", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\u200b", "\u200e",
     "\ufeff", "\u00ad", "\u2060", "\ud800"],
)  # fmt: skip
def test_what_cannot_be_seen_is_refused(character):
    with pytest.raises(UnfitName, match="invisible or control"):
        clean_name(f"Zap{character}ier")


@pytest.mark.parametrize(("one", "other"), [("Straße", "STRASSE"), ("Zürich", "ZU\u0308RICH"), (" Zapier ", "zapier")])
def test_two_spellings_of_one_name_are_the_same(one, other):
    assert name_key(one) == name_key(other)


@given(st.text())
def test_a_name_that_is_taken_stays_as_it_is(text):
    try:
        name = clean_name(text)
    except UnfitName:
        return

    assert clean_name(name) == name
    assert 1 <= len(name) <= LONGEST_NAME
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in name)


@given(st.text())
def test_a_key_is_its_own_key(text):
    assert name_key(name_key(text)) == name_key(text)


@given(st.text(max_size=LONGEST_NAME))
def test_a_key_of_a_taken_name_fits_its_column(text):
    try:
        name = clean_name(text)
    except UnfitName:
        return

    assert len(name_key(name)) <= 400


@pytest.mark.parametrize(
    "typed",
    [
        "alice@acme.example",
        " alice@acme.example ",
        "alice@intranet.local",
        "alice@acme.test",
        "root@localhost",
        "ä@münchen.example",
    ],
)
def test_email_addresses_are_taken(typed):
    assert clean_email(typed).strip() == clean_email(typed)


@pytest.mark.parametrize(
    "typed", ["alice", "@acme.example", "alice@", "a b@acme.example", "alice@acme.example\nBcc: x@y.example"]
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(UnfitName, match="like name@example"):
        clean_email(typed)


def test_no_address_at_all_is_asked_for():
    with pytest.raises(UnfitName, match="Enter an email address"):
        clean_email("  ")


def test_an_endless_address_is_refused():
    with pytest.raises(UnfitName, match="at most 254"):
        clean_email("x" * 250 + "@acme.example")


@pytest.mark.parametrize("other", ["ALICE@ACME.EXAMPLE", " alice@acme.example", "\uff41lice@acme.example"])
def test_two_spellings_of_one_address_are_the_same(other):
    assert email_key(other) == email_key("alice@acme.example")


@given(st.emails())
def test_an_address_key_is_its_own_key(text):
    assert email_key(email_key(text)) == email_key(text)
