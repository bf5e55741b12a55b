"""How a call is told that it is not let in. No Flask."""

from portal.errors import PortalError


class Refused(PortalError):
    """The call is not let in. `code` says why; `scope` is what was missing, where that is the reason."""

    def __init__(self, code: str, detail: str, *, scope: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.scope = scope
