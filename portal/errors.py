"""What can go wrong, by name.

Services raise these; a view catches exactly the ones it expects, and two handlers (pages, JSON API)
take the rest. `code` is the name of the problem in `portal.problems`, which says how it is answered.
"""

from dataclasses import dataclass


class PortalError(Exception):
    """The base of all refusals. The text is a sentence for the person who asked."""

    code = "internal_error"
    sentence = "Something went wrong on our side."

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or self.sentence)


class WrongSetting(PortalError):
    """A setting that the portal cannot start with."""


class DatabaseUnavailable(PortalError):
    """The database cannot answer: away, locked, full or read-only. Nothing was changed."""

    code = "unavailable"
    sentence = "The database cannot answer right now. Nothing was changed. Try again in a moment."


class OutcomeUnknown(DatabaseUnavailable):
    """The connection broke after COMMIT was sent, so nobody knows whether it took effect."""

    sentence = "The connection broke while saving. Check the list before you try again: it may have been done."


class NotFound(PortalError):
    """There is no such thing, or it is somebody else's. The two are never told apart."""

    code = "not_found"
    sentence = "There is nothing here."


class NotAllowed(PortalError):
    """The caller is known, and this is not for them."""

    code = "forbidden"
    sentence = "You are not allowed to do this."


class WrongState(PortalError):
    """What was asked does not fit the present state; somebody else was quicker, or it is over."""

    code = "conflict"
    sentence = "This has changed in the meantime."


class NameTaken(PortalError):
    """Another living thing of the same owner carries that name."""

    code = "name_taken"
    sentence = "That name is in use. Choose a different one."


class LimitReached(PortalError):
    """A cap on how many there may be."""

    code = "limit_reached"
    sentence = "The limit is reached. Revoke one that you no longer need first."


@dataclass(frozen=True, slots=True)
class Policy:
    """The limit that is used up: its name, and how many within how many seconds."""

    name: str
    quota: int
    window_seconds: int


class TooManyTries(PortalError):
    """Too many in a while; `retry_after` is in whole seconds, at least 1."""

    code = "rate_limited"
    sentence = "Too many tries. Wait a while and try again."

    def __init__(self, *, retry_after: int, policy: Policy | None = None) -> None:
        super().__init__()
        self.retry_after = max(1, retry_after)
        self.policy = policy

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says about it (draft-ietf-httpapi-ratelimit-headers-10)."""
        headers = {"Retry-After": str(self.retry_after)}
        if self.policy:
            name = f'"{self.policy.name}"'
            headers["RateLimit"] = f"{name};r=0;t={self.retry_after}"
            headers["RateLimit-Policy"] = f"{name};q={self.policy.quota};w={self.policy.window_seconds}"
        return headers


class WrongValue(PortalError):
    """A value of one field that cannot be taken. `field` is its name in the form and in the JSON body."""

    code = "validation_failed"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
