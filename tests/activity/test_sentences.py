"""Every event reads as a sentence, whatever it holds."""

import pytest

from portal.audit import Action, ActorKind, AuditEvent, Outcome
from portal.sentences import WORDS, sentence


def event(action: str, **values: object) -> AuditEvent:
    row = {"outcome": "done", "actor_kind": "user", "actor_id": 1, "actor_name": "Alice", **values}
    return AuditEvent(action=action, **row)


def test_every_action_has_its_sentences():
    assert set(WORDS) == set(Action)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("is_account_token", [True, False])
def test_no_sentence_has_a_gap(action, outcome, is_account_token):
    text = sentence(event(action, outcome=outcome), is_account_token=is_account_token)

    assert "None" not in text
    assert "{" not in text


def test_a_made_token_is_named():
    made = event("token.created", target_kind="token", target_id=3, target_name="Zapier")

    assert sentence(made) == "Alice made the personal access token “Zapier”"


def test_the_account_token_needs_no_name():
    made = event("token.created", target_kind="token", target_id=3, target_name="API access")

    assert sentence(made, is_account_token=True) == "Alice made the account token"


def test_what_was_refused_does_not_read_as_done():
    tried = event("user.deactivated", outcome="refused", target_kind="user", target_id=2, target_name="Bob")

    assert sentence(tried) == "Alice tried to deactivate Bob"


def test_ones_own_password_is_told_from_somebody_elses():
    own = event("password.changed", target_kind="user", target_id=1, target_name="Alice")
    others = event(
        "password.changed", actor_kind="operator", actor_id=None, actor_name="Operator", target_id=2, target_name="Bob"
    )

    assert sentence(own) == "Alice changed their password"
    assert sentence(others) == "Operator changed Bob's password"


def test_the_account_token_acts_under_its_own_name():
    refused = event("call.refused", actor_kind=ActorKind.ACCOUNT, actor_name="Acme", outcome="refused")

    assert sentence(refused, is_account_token=True) == "The account token of Acme made a call that was refused"


def test_nobody_known_is_said_so():
    assert sentence(event("session.refused", actor_kind="none", actor_name="")).endswith("was refused")


def test_an_action_of_a_newer_version_keeps_its_name():
    assert sentence(event("policy.changed")) == "Alice: policy.changed"


def test_braces_in_names_stay_as_they_are():
    added = event("user.created", target_kind="user", target_id=2, target_name="{who}")

    assert sentence(added) == "Alice added {who} to the account"
