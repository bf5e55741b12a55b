"""One portal, one service and one nginx for all programs: those of the gateways' tests."""

import pytest

from tests.gateways.conftest import (
    badges,
    bobs,
    cast,
    certificate,
    charlies_account_token,
    database_url,
    events,
    front,
    gateway,
    portal,
    ports,
    rows,
    settings_of_portal,
)
from tests.gateways.nginx import Certificate, Nginx
from tests.older_clients.typed import Place

__all__ = [
    "badges",
    "bobs",
    "cast",
    "certificate",
    "charlies_account_token",
    "database_url",
    "events",
    "front",
    "gateway",
    "portal",
    "ports",
    "rows",
    "settings_of_portal",
]


@pytest.fixture(scope="session")
def place(front: Nginx, certificate: Certificate) -> Place:
    """Portal and service as programs reach them, through nginx."""
    return Place(front.portal().url, front.badges().url, certificate.authority)
