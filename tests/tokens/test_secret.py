"""The secret: its shape, its checksum, and that it cannot be printed by accident."""

import re
import string
from contextlib import suppress
from hashlib import sha256
from zlib import crc32

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal.tokens.secret import DIGITS, MalformedSecret, Secret, SecretReader, make_secret, pattern_for

PREFIXES = ("pat", "acc", "old1")
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
reader = SecretReader(PREFIXES)

bodies = st.text(BASE62, min_size=37, max_size=37)
prefixes = st.sampled_from(PREFIXES)


def with_checksum(start: str) -> str:
    """The rule of the contract, written a second time: CRC-32 as in zlib, base 62, six digits."""
    number, digits = crc32(start.encode()), []
    while number:
        number, rest = divmod(number, 62)
        digits.append(BASE62[rest])
    return start + "".join(reversed(digits)).rjust(6, "0")


def test_a_secret_has_the_published_shape():
    for prefix in PREFIXES:
        text = make_secret(prefix).reveal()
        assert re.fullmatch(rf"{prefix}_[0-9A-Za-z]{{43}}", text)
        assert re.fullmatch(pattern_for(PREFIXES), text)


def test_a_secret_ends_with_the_checksum_of_what_stands_before():
    for _ in range(50):
        text = make_secret("pat").reveal()
        assert with_checksum(text[:-6]) == text


@pytest.mark.parametrize(
    "text",
    [
        "pat_00000000000000000000000000000000000004VAMse",
        "pat_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz449kqe",
        "acc_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZa368CQs",
        # A checksum that begins with zeros.
        "pat_000000000000000000000000000000000031200cbGy",
    ],
)
def test_pinned_secrets_are_read_for_ever(text):
    assert with_checksum(text[:-6]) == text
    assert reader.read(text).reveal() == text


def test_two_secrets_are_never_alike():
    assert len({make_secret("pat").reveal() for _ in range(1000)}) == 1000


def test_the_random_part_uses_all_digits():
    assert set("".join(make_secret("pat").reveal()[4:41] for _ in range(200))) == set(DIGITS) == set(BASE62)


def test_a_double_click_selects_the_whole():
    assert re.fullmatch(r"\w+", make_secret("pat").reveal())


def test_the_digest_is_sha_256_of_the_whole_text():
    secret = make_secret("pat")
    assert secret.digest == sha256(secret.reveal().encode()).hexdigest()


def test_the_hint_is_the_prefix_and_eight_characters():
    secret = make_secret("old1")
    assert secret.hint == secret.reveal()[:13] + "…"


def test_printing_a_secret_shows_nothing_of_it():
    secret = make_secret("pat")
    shown = f"{secret} {secret!r} {secret!s} {[secret]} {(secret,)!r}"
    assert secret.reveal()[4:] not in shown
    assert "Secret(…)" in shown


def test_a_refusal_does_not_carry_the_text_along():
    text = make_secret("pat").reveal()[:-1] + "!"
    with pytest.raises(MalformedSecret) as raised:
        reader.read(text)
    assert text not in repr(raised.value)
    assert raised.value.__cause__ is None


def test_a_secret_is_equal_to_itself_only():
    text = make_secret("pat").reveal()
    assert reader.read(text) == Secret(text) != make_secret("pat")


@given(prefixes, bodies)
def test_what_is_well_formed_is_read(prefix, body):
    text = with_checksum(f"{prefix}_{body}")
    assert reader.read(text).reveal() == text


@given(prefixes, bodies, st.integers(0, 60), st.characters())
def test_one_changed_character_is_refused(prefix, body, place, character):
    text = with_checksum(f"{prefix}_{body}")
    place %= len(text)
    assume(character != text[place])
    with pytest.raises(MalformedSecret):
        reader.read(text[:place] + character + text[place + 1 :])


@given(prefixes, bodies, st.integers(0, 60))
def test_one_missing_or_doubled_character_is_refused(prefix, body, place):
    text = with_checksum(f"{prefix}_{body}")
    place %= len(text)
    for changed in (text[:place] + text[place + 1 :], text[:place] + text[place] + text[place:]):
        with pytest.raises(MalformedSecret):
            reader.read(changed)


@given(prefixes, bodies, st.integers(4, 45))
def test_two_neighbours_that_changed_places_are_refused(prefix, body, place):
    text = with_checksum(f"{prefix}_{body}")
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    assume(swapped != text)
    with pytest.raises(MalformedSecret):
        reader.read(swapped)


@given(st.one_of(st.text(), st.text(BASE62 + "_-. \n\0\u017f\u212a", min_size=40, max_size=60), st.binary().map(repr)))
def test_any_text_is_refused_or_read_and_nothing_else(text):
    with suppress(MalformedSecret):
        assert with_checksum(reader.read(text).reveal()[:-6]) == text


@pytest.mark.parametrize("change", ["{} ", " {}", "{}\n", "Bearer {}", '"{}"', "{}=", "{}\0", "{}{}"])
def test_a_secret_with_something_around_it_is_refused(change):
    with pytest.raises(MalformedSecret):
        reader.read(change.replace("{}", make_secret("pat").reveal()))


@pytest.mark.parametrize("prefix", ["svc", "PAT", "pa", "patt", "p.t", ""])
def test_a_prefix_that_is_not_accepted_is_refused(prefix):
    with pytest.raises(MalformedSecret):
        reader.read(with_checksum(f"{prefix}_{'0' * 37}"))


def test_a_prefix_is_taken_as_it_is_written_not_as_a_pattern():
    assert re.fullmatch(pattern_for(["p.t"]), "pat_" + "0" * 43) is None


def test_a_very_long_text_is_refused_without_being_read():
    with pytest.raises(MalformedSecret):
        reader.read("pat_" + "0" * 10_000_000)
