"""Scopes: what covers what."""

import pytest

from portal.tokens.scopes import SCOPES, covers, in_order


@pytest.mark.parametrize(
    ("own", "wanted", "is_covered"),
    [
        (None, None, True),
        (None, ("tokens:read",), True),
        (("tokens:read",), None, False),
        (("tokens:read", "tokens:write"), ("tokens:read",), True),
        (("tokens:read",), ("tokens:read", "tokens:write"), False),
        (("tokens:read",), (), True),
        ((), ("tokens:read",), False),
    ],
)
def test_a_token_passes_on_no_more_than_it_has(own, wanted, is_covered):
    assert covers(own, wanted) is is_covered


def test_scopes_are_put_in_one_order_without_doubles():
    assert in_order(tuple(reversed(SCOPES)) * 2) == tuple(SCOPES)


def test_a_scope_that_does_not_exist_is_left_out():
    assert in_order(("root", "tokens:read")) == ("tokens:read",)
