"""Scopes: what covers what, and those that the operator declares."""

import pytest

from portal.errors import WrongSetting
from portal.tokens.scopes import OWN_SCOPES, Scopes, covers


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
    assert Scopes({}).in_order(tuple(reversed(OWN_SCOPES)) * 2) == tuple(OWN_SCOPES)


def test_a_scope_that_does_not_exist_is_left_out():
    assert Scopes({}).in_order(("root", "tokens:read")) == ("tokens:read",)


def test_declared_ones_stand_after_our_own():
    scopes = Scopes({"badges:issue": "Issue badges"})

    assert scopes.in_order(("badges:issue", "tokens:read")) == ("tokens:read", "badges:issue")
    assert scopes.of_account_token[-1] == "badges:issue"


@pytest.mark.parametrize("scope", ["tokens:read", "members:read", "usage:read"])
def test_one_of_our_own_cannot_be_declared(scope):
    with pytest.raises(WrongSetting, match=f"^PORTAL_SCOPES: {scope} is a scope of the portal's own"):
        Scopes({scope: "Anything"})
