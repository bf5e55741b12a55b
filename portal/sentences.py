"""Every event of the security log as a sentence, for people.

One for each action of the closed list, so that a page, and whoever else tells of an event, uses the same words.
"""

from portal.audit import Action, ActorKind, AuditEvent, Outcome
from portal.problems import PROBLEMS


def sentence(event: AuditEvent, *, is_account_token: bool = False) -> str:
    """What happened, as one says it; `is_account_token`: the token it is about is an account's. An unknown action keeps
    its name."""
    done, tried = WORDS.get(event.action, _UNKNOWN)
    words = tried if event.outcome == Outcome.REFUSED else done
    token = "the account token" if is_account_token else _token(event)
    return words.format(who=_who(event), whom=_whom(event), whose=_whose(event), token=token, action=event.action)


def remark(event: AuditEvent) -> str | None:
    """What there is to say beside the sentence: a reason, a version, a former name."""
    return _reason(event.detail) if event.outcome == Outcome.REFUSED else _capitalised(event.detail)


# Action → the sentence when it was done, and when it was refused.
WORDS: dict[str, tuple[str, str]] = {
    Action.ACCOUNT_CREATED: ("{who} created the account “{whom}”", "{who} tried to create the account “{whom}”"),
    Action.USER_CREATED: ("{who} added {whom} to the account", "{who} tried to add {whom} to the account"),
    Action.USER_DEACTIVATED: ("{who} deactivated {whom}", "{who} tried to deactivate {whom}"),
    Action.USER_REACTIVATED: ("{who} reactivated {whom}", "{who} tried to reactivate {whom}"),
    Action.USER_RENAMED: ("{who} changed {whose} name", "{who} tried to change {whose} name"),
    Action.PASSWORD_CHANGED: ("{who} changed {whose} password", "{who} tried to change {whose} password"),
    Action.SESSION_STARTED: ("{who} signed in", "{who} tried to sign in"),
    Action.SESSION_REFUSED: ("Signing in as {who} was refused", "Signing in as {who} was refused"),
    Action.SESSION_ENDED: ("{who} signed out", "{who} tried to sign out"),
    Action.API_ACCESS_ENABLED: ("{who} turned API access on", "{who} tried to turn API access on"),
    Action.API_ACCESS_DISABLED: ("{who} turned API access off", "{who} tried to turn API access off"),
    Action.STATEMENT_AGREED: ("{who} agreed to the security statement", "{who} tried to agree to the statement"),
    Action.TOKEN_CREATED: ("{who} made {token}", "{who} tried to make {token}"),
    Action.TOKEN_RENAMED: ("{who} renamed {token}", "{who} tried to rename {token}"),
    Action.TOKEN_ROTATED: ("{who} rotated {token}", "{who} tried to rotate {token}"),
    Action.TOKEN_STOPPED: ("{who} stopped the old secret of {token}", "{who} tried to stop the old secret of {token}"),
    Action.TOKEN_REVOKED: ("{who} revoked {token}", "{who} tried to revoke {token}"),
    Action.CALL_REFUSED: ("{who} made a call that was refused", "{who} made a call that was refused"),
}  # fmt: skip

# From a newer version that wrote into the same log.
_UNKNOWN = ("{who}: {action}", "{who}: {action}")


def _who(event: AuditEvent) -> str:
    if event.actor_kind == ActorKind.ACCOUNT:
        return f"The account token of {event.actor_name}"
    if event.actor_kind == ActorKind.NONE:
        return "Somebody we do not know"
    return event.actor_name


def _whom(event: AuditEvent) -> str:
    return event.target_name or "somebody"


def _whose(event: AuditEvent) -> str:
    is_themselves = event.actor_kind == ActorKind.USER and event.target_id in {None, event.actor_id}
    return "their" if is_themselves else f"{_whom(event)}'s"


def _token(event: AuditEvent) -> str:
    return f"the personal access token “{event.target_name}”" if event.target_name else "a personal access token"


def _reason(detail: str | None) -> str | None:
    if detail in _REASONS:
        return _REASONS[detail]
    problem = PROBLEMS.get(detail or "")
    return problem.meaning if problem else _capitalised(detail)


# Reasons that are no answers of the JSON API, or that are meant for somebody else there.
_REASONS = {
    "wrong_password": "The password was wrong.",
    "user_inactive": "The person has been deactivated.",
}


def _capitalised(text: str | None) -> str | None:
    return text and text[0].upper() + text[1:]
