"""Where the time of one check goes, in microseconds by step, measured in this process on the server's core.

What has a function of its own is timed by itself; what has none is the difference between two timings of one pass.
"""

import re
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.lab import Lab
from bench.machine import on_core
from bench.seeding import Seeded
from portal.authentication.authenticator import Authenticator
from portal.authentication.carriers import secret_from
from portal.authentication.rows import COLUMNS, SQLITE_TABLES, TABLES
from portal.database import Database
from portal.gateway.verify import Verify
from portal.recorder import Recorder
from portal.settings import Settings, load_settings
from portal.tokens.secret import SecretReader, digest_of, pattern_for

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_REPEATS = 25

Profile = dict[str, float]
_Part = tuple[Callable[[Any], object], Sequence[Any]]


class DeafRecorder(Recorder):
    """Takes every note and forgets it at once."""

    def batch(self, kind: type[Any]) -> Any:
        return _Nothing


class _Nothing:
    @staticmethod
    def note_call(*_given: object) -> None:
        """Takes a note."""


def profile(lab: Lab) -> dict[str, Profile]:
    """Engine → step → microseconds."""
    with on_core(lab.cores.server):
        return {name: _of_one_check(lab, seeded) for name, seeded in _engines(lab).items()}


def _engines(lab: Lab) -> dict[str, Seeded]:
    return {"sqlite": lab.sqlite(), "postgresql": lab.postgres()}


def _of_one_check(lab: Lab, seeded: Seeded) -> Profile:
    settings = load_settings({"PORTAL_INSTANCE_DIR": str(lab.folder / "instance-profile")})
    database = Database(seeded.url)
    recorder = Recorder(database)
    try:
        parts = _parts(database, recorder, settings, seeded)
        passes = [{name: _pass(work, given) for name, (work, given) in parts.items()} for _ in range(_REPEATS)]
    finally:
        recorder.stop()
        database.close()
    steps = [_steps(timed) for timed in passes]
    return {name: median(step[name] for step in steps) for name in steps[0]}


def _parts(database: Database, recorder: Recorder, settings: Settings, seeded: Seeded) -> dict[str, _Part]:
    """What is timed, each part with what it is given, one for each token that is called."""
    secrets = seeded.known
    headers = [f"Bearer {secret}" for secret in secrets]
    authenticator = Authenticator(settings, database, recorder)
    tables = SQLITE_TABLES if database.is_sqlite else TABLES
    return {
        "carrier": (lambda header: secret_from(header, None, None), headers),
        "shape": (re.compile(pattern_for(settings.personal_token_prefix)).fullmatch, secrets),
        "sha256": (digest_of, secrets),
        "digest": (SecretReader(settings.personal_token_prefix).digest, secrets),
        "lookup": (database.lookup.finder(COLUMNS, tables, "t.digest"), [digest_of(secret) for secret in secrets]),
        "unnoted": (_let_in(Authenticator(settings, database, DeafRecorder(database))), headers),
        "noted": (_let_in(authenticator), headers),
        "whole": (_verify(Verify(authenticator, settings)), [_environ(secret) for secret in secrets]),
    }


def _steps(timed: Profile) -> Profile:
    """The steps of one check, in their order, from one pass over all parts: what happens between them may differ from
    one pass to the next, as the machine does."""
    return {
        "carrier": timed["carrier"],
        "shape": timed["shape"],
        "checksum": timed["digest"] - timed["shape"] - timed["sha256"],
        "sha256": timed["sha256"],
        "lookup": timed["lookup"],
        "principal": timed["unnoted"] - timed["lookup"] - timed["digest"] - timed["carrier"],
        "note": timed["noted"] - timed["unnoted"],
        "answer": timed["whole"] - timed["noted"],
        "whole": timed["whole"],
    }


def _pass(work: Callable[[Any], object], given: Sequence[Any]) -> float:
    """Microseconds for one call."""
    started = time.perf_counter()
    for one in given:
        work(one)
    return (time.perf_counter() - started) / len(given) * 1e6


def _let_in(authenticator: Authenticator) -> Callable[[str], object]:
    return lambda header: authenticator.let_in(header, None, None, address=None, with_names=False)


def _verify(verify: Verify) -> Callable[["WSGIEnvironment"], object]:
    return lambda environ: verify(environ, _start_response)


def _environ(secret: str) -> "WSGIEnvironment":
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/verify",
        "QUERY_STRING": "",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_AUTHORIZATION": f"Bearer {secret}",
    }


def _start_response(_status: str, _headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], object]:
    return len
