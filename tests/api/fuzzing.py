"""Schemathesis over the whole API: its examples, the edges of every schema, made-up calls, and chains of calls.

All of its checks are on. What the document cannot say, and the contract does, is written down here and nowhere else:
see `is_meant`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Thread
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from werkzeug.serving import WSGIRequestHandler, make_server

from portal.app import Portal

DOCUMENT = "/api/v1/openapi.json"
PHASES = ("examples", "coverage", "fuzzing", "stateful")
LONGEST_CHAIN = 8
_KEY = "Idempotency-Key"


@dataclass
class Found:
    """What a run did and saw. `failures` and `errors` are sentences, `meant` is what `is_meant` let pass."""

    calls: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    meant: Counter[str] = field(default_factory=Counter)
    chains: int = 0
    failures: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{sum(self.calls.values())} calls {dict(self.calls)}, {self.chains} chains, "
            f"answers {dict(sorted(self.statuses.items()))}, {sum(self.checks.values())} checks of "
            f"{len(self.checks)} kinds, {len(self.failures)} failures, {len(self.errors)} errors, "
            f"meant {dict(self.meant)}"
        )


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: the portal has a log of its own."""


@contextmanager
def served(app: Portal) -> Iterator[str]:
    """The app on a port of its own: calls within the process would leave some of the probes out."""
    server = make_server("localhost", 0, app, threaded=False, request_handler=Quiet)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def fuzz(app: Portal, secret_for: Callable[[str], str], *, examples: int, seed: int) -> Found:
    """Runs every phase, with `examples` made-up calls for each operation and as many chains of calls. `secret_for`
    gives a living token for a path; the same `seed` makes up the same calls."""
    found = Found()
    with served(app) as url, hooked(found):
        _run(url, secret_for, found, examples=examples, seed=seed, phases=PHASES)
        # Hypothesis gives up on chains whose replay meets what the chain has changed, so it is set on again.
        while found.chains < examples and not found.errors:
            seed += 1
            _run(url, secret_for, found, examples=examples, seed=seed, phases=("stateful",))
    return found


def _run(
    url: str,
    secret_for: Callable[[str], str],
    found: Found,
    *,
    examples: int,
    seed: int,
    phases: tuple[str, ...],
) -> None:
    # What is generated anyway must not carry a second token, which is refused as the contract says.
    generation = {"max-examples": examples, "database": "none", "with-security-parameters": False}
    enabled = {phase: {"enabled": phase in phases} for phase in PHASES}
    enabled["stateful"]["max-steps"] = LONGEST_CHAIN
    config = SchemathesisConfig.from_dict({"seed": seed, "generation": generation, "phases": enabled})
    schema = schemathesis.openapi.from_url(f"{url}{DOCUMENT}", config=config)
    schema.config.update(base_url=url)
    schema.auth(refresh_interval=None)(_auth(secret_for))
    for event in from_schema(schema).execute():
        _note(event, found)


def _auth(secret_for: Callable[[str], str]) -> type:
    class Living:
        """A token for each call: the calls revoke and rotate the very tokens that they are made with."""

        def get(self, case: Any, context: Any) -> str:
            return secret_for(case.operation.path)

        def set(self, case: Any, secret: str, context: Any) -> None:
            case.headers["Authorization"] = f"Bearer {secret}"

    return Living


@contextmanager
def hooked(found: Found) -> Iterator[None]:
    """Schemathesis keeps its hooks for the whole process; here they are for one run."""
    numbers = count(1)

    @schemathesis.hook
    def before_call(context: Any, case: Any, kwargs: Any) -> None:
        # A key that comes again is refused as the contract says, which no schema can know.
        if re.fullmatch("[!-~]{1,255}", case.headers.get(_KEY, "")):
            case.headers[_KEY] = f"{case.headers[_KEY][:200]}-{next(numbers)}"

    @schemathesis.hook
    def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
        reason = is_meant(failure, response)
        found.meant.update([reason] if reason else [])
        return not reason

    yield
    schemathesis.hooks.unregister(before_call)
    schemathesis.hooks.unregister(filter_failure)


# The whole of a refusal that no schema can foresee → why.
NO_SCHEMA_KNOWS = {
    "This would have expired already. Choose a later end.": "no schema knows what time it is",
    "A token that replaces itself needs at least 60.": "no schema knows whose id a token's own is",
}


def is_meant(failure: Any, response: Any) -> str:
    """Why an answer that looks wrong is what the contract asks for; empty when it is wrong."""
    kind, body = type(failure).__name__, response.json() if response.content else {}
    if kind == "UseAfterFree" and response.status_code == 200 and body.get("revoked_at"):
        return "a revoked token can still be read"
    if kind == "RejectedPositiveData" and response.status_code == 422:
        (detail, *others) = [error["detail"] for error in body["errors"]]
        return "" if others else NO_SCHEMA_KNOWS.get(detail, "")
    return ""


def _note(event: Any, found: Found) -> None:
    if isinstance(event, events.ScenarioFinished):
        _note_scenario(event.phase.value, event.recorder, found)
    elif isinstance(event, events.NonFatalError):
        found.errors.append(f"{event.label}: {event.value}")
    elif isinstance(event, events.FatalError):
        found.errors.append(str(event.exception))
    elif isinstance(event, events.EngineFinished):
        found.failures |= {failure.title for failure in event.failures}


def _note_scenario(phase: str, recorder: ScenarioRecorder, found: Found) -> None:
    found.calls[phase] += len(recorder.interactions)
    found.chains += phase == "stateful" and len(recorder.interactions) > 0
    found.statuses.update(one.response.status_code for one in recorder.interactions.values() if one.response)
    for case_id, checks in recorder.checks.items():
        found.checks.update(check.name for check in checks)
        for check in checks:
            if check.failure_info is not None:
                answer = recorder.interactions[case_id].response
                content = answer.content[:300] if answer else b""
                failure = check.failure_info
                found.failures.add(f"{check.name}: {failure.failure.message}\n{failure.code_sample}\n{content!r}")
