"""Fills a peer's database: `python -m bench.peers.seed naive 10000 < secrets`, one secret a line."""

import sys
from importlib import import_module

if __name__ == "__main__":
    name, tokens = sys.argv[1:]
    import_module(f"bench.peers.{name}").seed(sys.stdin.read().split(), int(tokens))
