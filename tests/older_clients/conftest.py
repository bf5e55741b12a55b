"""One portal, one service and one nginx for all programs: those of the gateways' tests."""

from collections.abc import Iterator

import pytest

from tests.gateways.conftest import (
    badges,
    bobs,
    cast,
    certificate,
    charlies_account_token,
    database_url,
    front,
    gateway,
    portal,
    ports,
    rows,
    settings_of_portal,
)
from tests.gateways.nginx import Certificate, Nginx
from tests.older_clients.typed import Place
from tests.server.running import Running, started

__all__ = [
    "badges",
    "bobs",
    "cast",
    "certificate",
    "charlies_account_token",
    "database_url",
    "front",
    "gateway",
    "portal",
    "ports",
    "rows",
    "settings_of_portal",
]


@pytest.fixture(scope="session")
def stream(
    database_url: str, settings_of_portal: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A `portal events`."""
    folder = tmp_path_factory.mktemp("events")
    with started(database_url, folder, command="events", **settings_of_portal) as running:
        yield running


@pytest.fixture(scope="session")
def place(front: Nginx, stream: Running, certificate: Certificate) -> Place:
    """Portal and service as programs reach them, through nginx, and the event stream."""
    return Place(
        portal=front.portal().url,
        service=front.badges().url,
        stream=f"ws://127.0.0.1:{stream.port}",
        authority=certificate.authority,
    )
