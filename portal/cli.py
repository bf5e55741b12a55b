"""Where `portal …` is typed: the commands of the operator, and `portal token` for people with a token.

Exit codes: 0 done, 1 refused with one sentence on stderr, 2 called in a wrong way.
"""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    # Late, both: who has nothing but a token must not wait for the web app, nor the web app for what such a one needs.
    if arguments and arguments[0] == "token":
        from portal.client import command as token

        return token.main(arguments[1:])
    from portal.commands import operator

    return operator.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
