"""Gateways that ask `/verify`, and the rows behind the tokens that they ask about."""

from collections.abc import Callable

import pytest

from portal import Portal
from portal.clock import utc_now
from portal.database import Database
from portal.names import name_key
from portal.tokens.models import ServiceToken
from portal.tokens.secret import make_secret
from tests.gateway.asking import Gateway


@pytest.fixture
def gateway(app: Portal) -> Gateway:
    """A gateway that asks the portal of the test."""
    return Gateway(app)


@pytest.fixture
def make_service(database: Database) -> Callable[..., str]:
    """Makes a service token and returns its secret."""

    def make(name: str = "Gateway", *, is_revoked: bool = False) -> str:
        secret, now = make_secret("svc"), utc_now()
        row = ServiceToken(
            name=name,
            name_key=name_key(name),
            digest=secret.digest,
            hint=secret.hint,
            created_at=now,
            revoked_at=now if is_revoked else None,
        )
        database.transaction(lambda session: session.add(row))
        return secret.reveal()

    return make
