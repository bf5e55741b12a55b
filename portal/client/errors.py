"""How a command ends that did not do what was asked: the sentence, and what scripts are told in its place."""


class CommandError(Exception):
    """The text is for the person who typed the command, in one line and without any secret."""

    code = "refused"
    exit_code = 1


class Misused(CommandError):
    """The command was called in a wrong way; nothing was sent."""

    code = "usage"
    exit_code = 2


class Unreachable(CommandError):
    """There is no connection to the portal, so nothing was sent."""

    code = "unreachable"


class Lost(CommandError):
    """The call was sent and no whole answer came: nobody knows whether it was carried out."""

    code = "lost"


class NotThePortal(CommandError):
    """Something answered that is no portal."""

    code = "not_the_portal"


class Refused(CommandError):
    """The portal said no. `body` is the problem as it came (RFC 9457)."""

    def __init__(self, text: str, *, code: str, body: dict[str, object], wait_seconds: int | None) -> None:
        super().__init__(text)
        self.code = code
        self.body = body
        self.wait_seconds = wait_seconds
