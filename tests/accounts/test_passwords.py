"""Which passwords may be chosen, and that one is checked exactly as it was typed."""

import unicodedata
from time import perf_counter

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.accounts.passwords import (
    LONGEST_PASSWORD,
    UnfitPassword,
    check_password,
    hash_password,
    is_outdated,
    verify_password,
)
from portal.errors import TooManyTries

GOOD = "seven lanterns over the canal"
CONTEXT = ("Alice Archer", "alice.archer@acme.example", "Acme Badges")


def is_fit(password, context=CONTEXT):
    try:
        check_password(password, context=context)
    except UnfitPassword:
        return False
    return True


def test_v6_2_1_fourteen_characters_are_too_few_and_fifteen_are_enough():
    assert not is_fit("k7 w2 m9 q4 z8")
    assert is_fit("k7 w2 m9 q4 z8x")


def test_v6_2_1_length_is_counted_in_code_points_after_nfc():
    decomposed = unicodedata.normalize("NFD", "éàüöñ" * 2 + "xyzq")
    assert len(decomposed) > 15
    assert not is_fit(decomposed)
    assert is_fit("🦊🐙🦉🐢🦄🐝🦋🐬🦓🐘🦒🐳🦔🐧🦩")


def test_v6_2_9_a_hundred_and_twenty_eight_characters_are_taken_and_one_more_is_not():
    words = "the heron waits where the river bends twice before dawn, and nobody asks it why it came so far "
    longest = (words + "to stand in the cold")[:LONGEST_PASSWORD].ljust(LONGEST_PASSWORD, "x")
    assert is_fit(longest)
    assert not is_fit(longest + "x")
    assert verify_password(hash_password(longest), longest)


@pytest.mark.parametrize(
    "password",
    [
        "only small letters here",
        "ONLY LARGE LETTERS HERE",
        "7391 4628 0517 9364 2850",
        "правильная лошадь и скрепка",
        "夜明け前の川辺で青鷺が静かに待っている",
        "🦊 counts seven red kites",
        "no digits, no signs, nothing",
    ],
)
def test_v6_2_5_any_composition_is_taken(password):
    assert is_fit(password)


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "password password password",
        "PasswordPassword",
        "password123456789",
        "Password!!!!!!!!!!",
        "123456789123456789",
        "1234567890123456",
        "1234-5678-9012-3456",
        "9876543210987654",
        "aaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "abcdefghijklmnopqrst",
        "qwertyuiopasdfghjkl",
        "qwerty1234567890",
        "1qaz2wsx3edc4rfv5tgb",
        "p@ssw0rdp@ssw0rd",
        "iloveyouiloveyou",
        "letmein000000000",
        "dragon.dragon.dragon",
        "               ",
        "correct        ",
        "1q2w3e4r5t6y7u8i9o0p",
        "q1w2e3r4t5y6u7i8o9p0",
        "passwordstandard",
        "qwertasdfgzxcvb",
    ],
)
def test_v6_2_4_passwords_that_attackers_try_first_are_refused(password):
    assert not is_fit(password)


@pytest.mark.parametrize(
    "password",
    [
        "alicearcher12345",
        "alice.archer@acme.example",
        "AliceAcmeBadges!",
        "portalportal2026",
        "acme-badges-2026!",
        "Archer.Alice.99",
        "my portal acme 1",
    ],
)
def test_v6_2_11_passwords_made_of_ones_own_words_are_refused_with_the_reason(password):
    with pytest.raises(UnfitPassword, match=r"mostly your name|lists attackers"):
        check_password(password, context=CONTEXT)


def test_ones_own_words_may_stand_beside_enough_others():
    assert is_fit("alice saw seven red kites")


def test_a_context_that_is_empty_refuses_nothing():
    assert is_fit(GOOD, context=("", " ", "Al"))


def test_text_that_cannot_be_stored_is_refused():
    assert not is_fit("seven lanterns \ud800 over the canal")
    assert not verify_password(hash_password(GOOD), "seven lanterns \ud800 over the canal")


@pytest.mark.parametrize(
    "typed",
    [GOOD.upper(), GOOD + " ", " " + GOOD, GOOD[:-1], GOOD[:-1] + "m", GOOD.replace("e", "é"), ""],
)
def test_v6_2_8_case_blanks_and_every_character_count(typed):
    assert not verify_password(hash_password(GOOD), typed)


def test_v6_2_8_nothing_is_cut_off_after_72_bytes():
    long = "a long sentence that goes on for far more than seventy-two bytes, as sentences of people do"
    assert verify_password(hash_password(long), long)
    assert not verify_password(hash_password(long), long[:-1] + "a")


def test_nfc_is_the_one_change_so_both_spellings_of_a_letter_are_right():
    composed = "sieben Lämpchen über dem Kanal"
    assert verify_password(hash_password(composed), unicodedata.normalize("NFD", composed))


def test_a_compatible_character_is_another_one():
    assert not verify_password(hash_password("seven ﬁsh over the canal"), "seven fish over the canal")


def test_nobody_has_no_right_password():
    assert not verify_password(None, GOOD)
    assert not verify_password(None, "")


def test_a_hash_that_is_none_is_never_right():
    assert not verify_password("!", GOOD)


def test_ac_086_a_password_of_a_megabyte_costs_no_hash(monkeypatch):
    hashes = []
    monkeypatch.setattr(PasswordHasher, "verify", lambda *given: hashes.append(given))
    started = perf_counter()
    assert not verify_password(None, "x" * 1_000_000)
    assert not is_fit("a" + "\u0315\u0300" * 500_000)
    assert hashes == []
    assert perf_counter() - started < 0.05


def test_the_limit_is_asked_before_the_hash(monkeypatch):
    hashes = []
    monkeypatch.setattr(PasswordHasher, "verify", lambda *given: hashes.append(given))

    def refuse():
        raise TooManyTries(retry_after=1)

    with pytest.raises(TooManyTries):
        verify_password(None, GOOD, before=refuse)
    assert hashes == []


def test_hashes_are_argon2id_with_the_strength_of_the_contract():
    made = hash_password(GOOD)
    assert made.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hash_password(GOOD) != made
    assert not is_outdated(made)


def test_a_weaker_hash_is_outdated_and_still_right():
    weaker = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(GOOD)
    assert is_outdated(weaker)
    assert verify_password(weaker, GOOD)


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=200))
def test_every_text_is_either_taken_or_refused_in_words(password):
    try:
        check_password(password, context=CONTEXT)
    except UnfitPassword as error:
        assert str(error).endswith(".")
    else:
        assert 15 <= len(unicodedata.normalize("NFC", password)) <= 128
