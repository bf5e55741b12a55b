"""Deactivates whoever is named on standard input, one address a line, and says when it is done.

A process of its own that stays open: starting the command anew for each would measure Python's start.
"""

import sys

from portal.audit import OPERATOR
from portal.clock import utc_now
from portal.database import Database
from portal.members import service as members


def main(url: str) -> None:
    database = Database(url)
    for line in sys.stdin:
        email = line.strip()
        database.transaction(
            lambda session, email=email: members.deactivate(session, OPERATOR, email=email, now=utc_now())
        )
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
