"""Programs as the pages of three older systems print them, run with nothing but address and token changed.

A program that runs against those runs against the portal. The trust in a test's certificate comes from the environment,
as it does where an organisation has an authority of its own.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.gateways.calls import CURL_MISSING, NODE_MISSING, SECONDS

PROGRAMS = Path(__file__).parent / "programs"

# What stands in the programs where a reader puts in their own.
SERVICE, PORTAL = "https://api.older.example", "https://older.example"
TOKENS = ("YOUR_PERSONAL_ACCESS_TOKEN", "YOUR_API_TOKEN", "YOUR_TOKEN")
STREAM = "wss://older.example"
# Calls that the portal has under another path.
PATHS = {
    "/api/agents/profiles": "/api/v1/me",
    "/ws/sessions/${sessionId}": "/ws/events",
    "/ws/sessions/{session_id}": "/ws/events",
    "/ws/sessions/4711": "/ws/events",
}

COMMANDS = {
    "sh": ("sh", "-c"),
    "py": (sys.executable, "-c"),
    # Node has the WebSocket of browsers; up to version 21 it has to be asked for it.
    "mjs": ("node", "--experimental-websocket", "--no-warnings", "--input-type=module", "-e"),
}
MISSING = {"sh": CURL_MISSING, "mjs": NODE_MISSING}
KINDS = tuple(COMMANDS)


@dataclass(frozen=True)
class Place:
    """Where programs find the portal and the service behind it."""

    portal: str
    service: str
    authority: Path

    @property
    def stream(self) -> str:
        return self.portal.replace("https:", "wss:")


def run(name: str, place: Place, token: str) -> str:
    """What the program prints. It fails when the program does."""
    kind = name.rpartition(".")[2]
    text = (PROGRAMS / name).read_text()
    changed = {
        SERVICE: place.service,
        PORTAL: place.portal,
        STREAM: place.stream,
        **PATHS,
        **dict.fromkeys(TOKENS, token),
    }
    for theirs, ours in changed.items():
        text = text.replace(theirs, ours)
    environment = {
        **os.environ,
        "OLDER_TOKEN": token,
        **dict.fromkeys(
            ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"), str(place.authority)
        ),
    }
    assert shutil.which(COMMANDS[kind][0]), MISSING[kind]
    done = subprocess.run(
        [*COMMANDS[kind], text], capture_output=True, text=True, timeout=SECONDS, env=environment, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
