"""Fills the database of one peer: `python -m bench.apps.rows knox COUNT` prints the secrets, a line each.

The database is the file that `BENCH_DATABASE` names. A process of its own, since Django is set up once in each.
"""

import importlib
import sys


def main() -> None:
    peer, count = sys.argv[1:]
    secrets = importlib.import_module(f"bench.apps.{peer}").fill(int(count))
    sys.stdout.write("".join(f"{secret}\n" for secret in secrets))


if __name__ == "__main__":
    main()
