"""Prints what happens in your account, one line of JSON for each event, and misses none while the line is down.

pip install websockets
PORTAL_URL=… PORTAL_EVENTS_URL=… PORTAL_TOKEN=… python listen.py
"""

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from urllib.request import Request, urlopen

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

PORTAL, STREAM, TOKEN = (os.environ[name] for name in ("PORTAL_URL", "PORTAL_EVENTS_URL", "PORTAL_TOKEN"))
# The token is dead, or may not listen: trying again would not help.
FOR_GOOD = {4400, 4401, 4403}
LONGEST_WAIT = 60.0


class Listener:
    """`last` is the id of the newest event that was seen; ids only grow."""

    last: int | None = None

    def listen(self) -> Iterator[dict[str, object]]:
        """Events from now on, or from the last one on. Ends with the exception that the line ends with."""
        # As a subprotocol the token is in no address, and so in no log.
        with connect(STREAM, subprotocols=["bearer", TOKEN]) as socket:
            # {"type": "ready"}: whatever happens from here on is pushed, so what was missed ends here.
            socket.recv()
            yield from self._new(self._missed())
            yield from self._new(_pushed(socket))

    def _new(self, events: Iterator[dict[str, object]]) -> Iterator[dict[str, object]]:
        for event in events:
            if self.last is not None and event["id"] > self.last:
                self.last = event["id"]
                yield event

    def _missed(self) -> Iterator[dict[str, object]]:
        newest, found, cursor = _page("?limit=1")["items"], [], ""
        if self.last is None:
            self.last = newest[0]["id"] if newest else 0
        while cursor is not None:
            page = _page(f"?limit=100{cursor and f'&cursor={cursor}'}")
            found += [event for event in page["items"] if event["id"] > self.last]
            is_done = not page["items"] or page["items"][-1]["id"] <= self.last
            cursor = None if is_done else page["next_cursor"]
        yield from reversed(found)


def _page(query: str) -> dict:
    request = Request(f"{PORTAL}/api/v1/events{query}", headers={"Authorization": f"Bearer {TOKEN}"})
    with urlopen(request, timeout=30) as answer:
        return json.load(answer)


def _pushed(socket: ClientConnection) -> Iterator[dict[str, object]]:
    for message in socket:
        yield json.loads(message)["event"]


def main() -> int:
    listener, wait = Listener(), 1.0
    while True:
        try:
            for event in listener.listen():
                print(json.dumps(event), flush=True)
                wait = 1.0
            why = "the stream ended"
        except ConnectionClosed as closed:
            why = f"{closed.rcvd.code} {closed.rcvd.reason}" if closed.rcvd else "the line was cut"
            if closed.rcvd and closed.rcvd.code in FOR_GOOD:
                print(f"Closed for good: {why}.", file=sys.stderr)
                return 1
        except (OSError, WebSocketException) as error:
            why = str(error)
        # Not all at the same moment, or a portal that comes back is overrun.
        pause = wait * random.uniform(0.5, 1.0)
        print(f"Again in {pause:.0f} s: {why}.", file=sys.stderr)
        time.sleep(pause)
        wait = min(2 * wait, LONGEST_WAIT)


if __name__ == "__main__":
    sys.exit(main())
