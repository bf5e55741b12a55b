"""`make bench`: how near the portal is to a bare server, and how far ahead of what one would use instead.

Everything is measured side by side in one run, on one machine, in rounds; what counts are the ratios within a round.
A figure of requests per second from here means nothing on its own. Nothing of the portal imports this package.
"""
