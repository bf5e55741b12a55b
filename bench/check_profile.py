"""Where the time of one check goes, in microseconds by step, measured in this process on the server's core.

What has a function of its own is timed by itself; what has none is the difference between two timings.
"""

import re
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from bench.lab import Lab
from bench.machine import on_core
from bench.seeding import Seeded
from portal.authentication.authenticator import Authenticator
from portal.authentication.carriers import secret_from
from portal.authentication.rows import COLUMNS, NAMES, TABLES
from portal.database import Database
from portal.gateway.verify import Verify
from portal.recorder import Recorder
from portal.settings import Settings, load_settings
from portal.tokens.secret import SecretReader, digest_of, pattern_for

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_REPEATS = 15

Profile = dict[str, float]


class DeafRecorder(Recorder):
    """Takes every note and forgets it at once."""

    def batch(self, kind: type[Any]) -> Any:
        return _Nothing()


class _Nothing:
    def __getattr__(self, _name: str) -> Callable[..., None]:
        return _forget


def _forget(*_given: object, **_named: object) -> None:
    """Takes a note, whatever kind it is of."""


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
    before = _before_asking(settings, seeded)
    try:
        return {**before, **_from_asking(database, recorder, settings, seeded, before=before)}
    finally:
        recorder.stop()
        database.close()


def _before_asking(settings: Settings, seeded: Seeded) -> Profile:
    """What is done before the database is asked."""
    shape = _time(re.compile(pattern_for(settings.personal_token_prefix)).fullmatch, seeded.known)
    sha256 = _time(digest_of, seeded.known)
    return {
        "carrier": _time(_secret_in, [f"Bearer {text}" for text in seeded.known]),
        "shape": shape,
        "checksum": _time(SecretReader(settings.personal_token_prefix).digest, seeded.known) - shape - sha256,
        "sha256": sha256,
    }


def _from_asking(
    database: Database, recorder: Recorder, settings: Settings, seeded: Seeded, *, before: Profile
) -> Profile:
    """The rest of it, told apart by asking the database alone, and by leaving out the note."""
    authenticator = Authenticator(settings, database, recorder)
    deaf = Authenticator(settings, database, DeafRecorder(database))
    verify = Verify(authenticator, settings)
    find = database.lookup.finder(f"{COLUMNS}, {NAMES}", TABLES, "t.digest")
    lookup = _time(find, [digest_of(text) for text in seeded.known])
    unnoted = _time(lambda text: deaf.authenticate(text, address=None), seeded.known)
    noted = _time(lambda text: authenticator.authenticate(text, address=None), seeded.known)
    whole = _time(lambda environ: verify(environ, _start_response), [_environ(text) for text in seeded.known])
    return {
        "lookup": lookup,
        "principal": unnoted - lookup - before["shape"] - before["checksum"] - before["sha256"],
        "note": noted - unnoted,
        "answer": whole - noted - before["carrier"],
        "whole": whole,
    }


def _time(work: Callable[[Any], object], given: Sequence[Any]) -> float:
    """Microseconds for one call in the quickest of a few passes: what slows the others down is not the check."""
    passes = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        for one in given:
            work(one)
        passes.append(time.perf_counter() - started)
    return min(passes) / len(given) * 1e6


def _secret_in(header: str) -> str:
    return secret_from(header, None, None)


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
