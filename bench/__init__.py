"""How fast the portal is, against floors and peers, measured in one run: `make bench` and `make soak`.

Nothing here is part of the portal, and the portal imports nothing of it. Ratios count, not calls per second: they
compare what ran within the same seconds on the same machine.
"""
