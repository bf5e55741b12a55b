"""`/developers/token-format`: what it says of tokens is true of those that are made."""

import re

import pytest

from portal.tokens.secret import DIGITS, make_secret
from tests.developers.reading import code_after, facts

PATH = "/developers/token-format"
PREFIXES = ("pat", "acc", "svc")


@pytest.fixture
def published(stranger):
    """The regular expression on the page."""
    (pattern,) = code_after(stranger.get(PATH), "scanners")
    return re.compile(pattern)


@pytest.fixture
def program(stranger):
    """What the Python on the page defines."""
    (source,) = code_after(stranger.get(PATH), "checksum")
    names: dict = {}
    exec(source, names)
    return names


@pytest.mark.parametrize("around", ["{}", "token={}", '{{"token": "{}"}}', "Bearer {}\n", "?api_token={}&x=1", "<{}>"])
def test_the_regular_expression_finds_every_kind_in_any_text(published, around):
    for prefix in PREFIXES * 20:
        secret = make_secret(prefix).reveal()
        assert published.findall(around.format(secret)) == [secret]


def test_the_regular_expression_finds_nothing_that_is_no_token(published):
    body = make_secret("pat").reveal().removeprefix("pat_")
    wrong = [
        *(f"pat_{body[:-1]}", f"pat_{body}0", f"pat_{body}_", f"pat_{body[:20]}-{body[21:]}", "pat_aB3xYz9W…"),
        *(f"tok_{body}", f"xpat_{body}", f"PAT_{body}", f"pat-{body}", body),
    ]

    assert [text for text in wrong if published.search(text)] == []


def test_it_is_made_from_the_settings(house_with):
    page = house_with(personal_token_prefix="acme,pat", account_token_prefix="org").stranger.get(PATH)

    (pattern,) = code_after(page, "scanners")
    assert all(re.fullmatch(pattern, make_secret(prefix).reveal()) for prefix in ("acme", "pat", "org", "svc"))
    assert not re.search(pattern, make_secret("acc").reveal())
    assert facts(page, "parts")["Personal"] == ("acme_, pat_; new ones begin with acme_", "47 or 48 characters")
    assert facts(page, "parts")["Account"] == ("org_", "47 characters")


def test_the_lengths_are_those_of_tokens(stranger):
    told = facts(stranger.get(PATH), "parts")

    assert {kind: length for kind, (_, length) in told.items()} == {
        kind: f"{len(make_secret(prefix).reveal())} characters"
        for kind, prefix in zip(("Personal", "Account", "Service"), PREFIXES, strict=True)
    }


def test_the_program_on_the_page_knows_real_tokens_from_mistyped_ones(program):
    for prefix in PREFIXES * 20:
        secret = make_secret(prefix).reveal()
        other = DIGITS[(DIGITS.index(secret[10]) + 1) % len(DIGITS)]
        assert program["is_token"](secret)
        assert not program["is_token"](secret[:10] + other + secret[11:])
        assert not program["is_token"](secret[:-1])


def test_the_text_to_try_ones_own_with_is_right(program, stranger):
    assert f"the checksum of portal is {program['checksum']('portal')}." in stranger.get(PATH).main


def test_what_it_says_of_a_leak_works(stranger):
    revoke, delete = code_after(stranger.get(PATH), "leaked")

    assert revoke == 'curl -i --data-urlencode "token=YOUR_TOKEN" http://localhost:8000/revoke'
    assert delete.endswith('-H "Authorization: Bearer YOUR_TOKEN" http://localhost:8000/api/v1/tokens/self')
