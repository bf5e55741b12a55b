"""The portal does what its OpenAPI document says, to calls nobody would have thought of. `make schemathesis` is the
long run: EXAMPLES made-up calls for each operation, and as many chains."""

import logging
import os

import pytest

from portal.access_log import AccessLog
from portal.clock import utc_now
from portal.tokens.models import Status, Token
from tests.api.fuzzing import fuzz
from tests.builders import make_token
from tests.conftest import settings_for
from tests.gateway.questions import new_service

LOG = logging.getLogger(__name__)
EXAMPLES = int(os.environ.get("EXAMPLES", "3"))
SEED = int(os.environ.get("SEED", "1"))
# Each of them must have looked at answers, or it would be no check.
CHECKS = {
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "positive_data_acceptance", "missing_required_header",
    "unsupported_method", "allow_header_conformance", "use_after_free", "ensure_resource_availability", "ignored_auth",
    "object_level_authorization",
}  # fmt: skip


@pytest.fixture
def settings(database_url, tmp_path):
    # So many tokens are made that the cap would soon be all that answers.
    return settings_for(database_url, tmp_path, tokens_per_user="10000", scopes="badges:issue=Issue badges")


@pytest.fixture
def secret_for(database, cast):
    """A living token of an owner, with full access; of a service where one is asked for."""
    service, owners = new_service(database), []

    def is_alive(token_id):
        with database.reading() as session:
            return session.get_one(Token, token_id).status(utc_now()) is Status.ACTIVE

    def living(path):
        if path == "/introspect":
            return service
        if not owners or not is_alive(owners[-1][0]):
            owners.append(make_token(database, cast.alice, f"Fuzzer {len(owners)}"))
        return owners[-1][1]

    return living


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_made_up_call_is_answered_otherwise_than_the_document_says(app, secret_for):
    app.front = AccessLog(app.wsgi_app, scheme="http", sink=lambda line: None)

    found = fuzz(app, secret_for, examples=EXAMPLES, seed=SEED)

    LOG.info("%d examples, seed %d: %s", EXAMPLES, SEED, found)
    assert found.failures == set()
    assert found.errors == []
    assert set(found.calls) >= {"examples", "coverage", "fuzzing", "stateful"}
    assert set(found.checks) >= CHECKS
