"""Where `portal …` is typed.

Exit codes: 0 done, 1 refused with one sentence on stderr, 2 called in a wrong way.
"""

import sys
from collections.abc import Sequence

from portal.commands import operator


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    return operator.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
