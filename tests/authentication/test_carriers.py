"""The one header that carries the secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.authentication.carriers import secret_from
from portal.authentication.refused import Refused


def code_of(*headers):
    with pytest.raises(Refused) as refused:
        secret_from(*headers)
    return refused.value.code


@pytest.mark.parametrize(
    "headers",
    [("Bearer x", None, None), ("bEARER x", None, None), (None, "x", None), (None, None, "x")],
)
def test_one_header_carries_it(headers):
    assert secret_from(*headers) == "x"


def test_none_is_missing():
    assert code_of(None, None, None) == "token_missing"


@pytest.mark.parametrize(
    "headers",
    [("Bearer x", "x", None), ("Bearer x", None, ""), ("", "", None), (None, "x", "x"), ("a", "b", "c"),
     ("Bearer x,y", None, None), (None, "x, x", None), (None, None, ",")],
)  # fmt: skip
def test_more_than_one_is_ambiguous(headers):
    assert code_of(*headers) == "ambiguous_credentials"


@pytest.mark.parametrize(
    "headers",
    [("", None, None), ("Bearer", None, None), ("Bearer ", None, None), ("Basic x", None, None), ("x", None, None),
     ("Bearer bearer x", None, None), ("Bearer\tx", None, None), (None, "Bearer x", None), (None, None, "BEARER x")],
)  # fmt: skip
def test_anything_else_is_malformed(headers):
    assert code_of(*headers) == "token_malformed"


@pytest.mark.parametrize("headers", [(None, "", None), ("Bearer  x", None, None), (None, None, " x")])
def test_blanks_are_left_to_the_reader_of_secrets_which_takes_none(headers):
    assert secret_from(*headers) in {"", " x"}


@given(st.text(max_size=60))
def test_whatever_authorization_holds_is_either_refused_or_its_end(value):
    try:
        secret = secret_from(value, None, None)
    except Refused:
        return
    assert value.lower() == f"bearer {secret}".lower()
    assert "," not in secret
