"""The event stream: pushes what `GET /api/v1/events` would list for whoever listens, as it is committed. No Flask.

A process of its own, since thousands may listen: one asyncio loop holds the sockets, and one thread reads what is new
for all of them at once, together with how their tokens stand.
"""
