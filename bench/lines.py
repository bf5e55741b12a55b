"""The lines of the bench, each with its goal and its gate: what is compared, or what is measured by itself.

Goals are what the portal is built to reach, gates what `make bench` fails at. A line without them is reported.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import (
    cold_start,
    event_stream,
    floors,
    memory,
    nginx_hop,
    ours,
    page_weight,
    peer_contestants,
    sign_in_timing,
)
from bench.lab import Lab
from bench.load import Contestant
from bench.outcome import Measured

MakeContestant = Callable[[Lab], Contestant]


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many calls a second `top` answers for each of `bottom`, in the same round. Higher is better."""

    name: str
    what: str
    top: MakeContestant
    bottom: MakeContestant
    goal: float | None = None
    gate: float | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """Something measured once in a run, several times over. Lower is better."""

    name: str
    what: str
    unit: str
    measure: Callable[[Lab], Measured]
    goal: float | None = None
    gate: float | None = None


RATIOS: Sequence[Ratio] = (
    Ratio(
        "verify-sqlite",
        "/verify on the gateway, SQLite, to bare WSGI on granian",
        ours.verify_sqlite,
        floors.wsgi_on_granian,
        goal=0.75,
        gate=0.55,
    ),
    Ratio(
        "verify-postgresql",
        "/verify on the gateway, PostgreSQL, to bare WSGI on granian",
        ours.verify_postgres,
        floors.wsgi_on_granian,
        goal=0.45,
        gate=0.30,
    ),
    Ratio(
        "verify-peer",
        "/verify on the gateway, SQLite, to node:http + better-sqlite3",
        ours.verify_sqlite,
        peer_contestants.node,
        goal=2.0,
        gate=1.5,
    ),
    Ratio(
        "verify-web",
        "/verify on the web server, SQLite, to bare WSGI on gunicorn",
        ours.verify_on_web,
        floors.wsgi_on_gunicorn,
        goal=0.90,
        gate=0.75,
    ),
    Ratio(
        "reading",
        "The least that reads, granian and SQLite, to bare WSGI on granian",
        floors.reading_on_granian,
        floors.wsgi_on_granian,
    ),
    Ratio(
        "verify-reading",
        "/verify on the gateway, to the least that reads",
        ours.verify_sqlite,
        floors.reading_on_granian,
    ),
    Ratio(
        "reading-peer",
        "The least that reads, to node:http + better-sqlite3",
        floors.reading_on_granian,
        peer_contestants.node,
    ),
    Ratio(
        "reading-web",
        "The least that reads, gunicorn and SQLite, to bare WSGI on gunicorn",
        floors.reading_on_gunicorn,
        floors.wsgi_on_gunicorn,
    ),
    Ratio(
        "verify-reading-web",
        "/verify on the web server, to the least that reads",
        ours.verify_on_web,
        floors.reading_on_gunicorn,
    ),
    Ratio(
        "me-sqlite",
        "/api/v1/me, SQLite, to bare Flask on gunicorn",
        ours.me_sqlite,
        floors.flask_on_gunicorn,
        goal=0.85,
        gate=0.65,
    ),
    Ratio(
        "me-postgresql",
        "/api/v1/me, PostgreSQL, to bare Flask on gunicorn",
        ours.me_postgres,
        floors.flask_on_gunicorn,
        goal=0.55,
        gate=0.40,
    ),
    Ratio(
        "million",
        "/verify with 1,000,000 tokens, to 10",
        ours.verify_million,
        ours.verify_ten,
        goal=0.95,
        gate=0.85,
    ),
    Ratio("ten-thousand", "/verify with 10,000 tokens, to 10", ours.verify_sqlite, ours.verify_ten),
    Ratio(
        "writes",
        "/verify with 200 foreign writes a second, to none",
        ours.verify_with_writes,
        ours.verify_sqlite,
        goal=0.90,
        gate=0.75,
    ),
    Ratio(
        "token-list",
        "Token list of 100 tokens, to bare Flask with a static template",
        ours.token_list,
        floors.template_on_gunicorn,
        goal=0.25,
        gate=0.12,
    ),
    Ratio("peer-naive", "/verify on the gateway, to Flask-HTTPAuth + ORM", ours.verify_sqlite, peer_contestants.naive),
    Ratio("peer-knox", "/verify on the gateway, to django-rest-knox", ours.verify_sqlite, peer_contestants.knox),
    Ratio("peer-drf", "/verify on the gateway, to DRF TokenAuthentication", ours.verify_sqlite, peer_contestants.drf),
    Ratio(
        "second-worker-gateway",
        "/verify with a second worker, to one",
        ours.verify_two_workers,
        ours.verify_sqlite,
    ),
    Ratio("second-worker-web", "/api/v1/me with a second worker, to one", ours.me_two_workers, ours.me_sqlite),
    Ratio(
        "nginx", "nginx asking /verify by auth_request, to /verify itself", nginx_hop.through_nginx, ours.verify_sqlite
    ),
    Ratio(
        "nginx-bare", "nginx asking /verify by auth_request, to nginx alone", nginx_hop.through_nginx, nginx_hop.alone
    ),
)

FIGURES: Sequence[Figure] = (
    Figure("memory", "Memory of a web worker after 100,000 calls", "MB", memory.of_web_worker, goal=80, gate=120),
    Figure("memory-gateway", "Memory of a gateway worker after 100,000 calls", "MB", memory.of_gateway_worker),
    Figure("cold-start", "From starting `portal run` to its first answer", "s", cold_start.of_web, goal=0.8, gate=1.5),
    Figure(
        "page-weight", "First visit: page raw, its files as sent", "KB", page_weight.of_first_visit, goal=40, gate=70
    ),
    Figure("events-memory", "Memory of the event stream for each socket", "KB", event_stream.memory, goal=30, gate=50),
    Figure("events-push", "From the commit of an event to its arrival", "s", event_stream.push, goal=0.5, gate=1.0),
    Figure("events-close", "From a revoke to the end of its sockets", "s", event_stream.close, goal=1.5, gate=2.0),
    Figure(
        "sign-in-timing",
        "Signing in: unknown, deactivated and wrong take the same time (pairs told apart)",
        "pairs",
        sign_in_timing.pairs_told_apart,
        goal=0,
        gate=0,
    ),
)

PROFILE = "profile"
NAMES = (*(line.name for line in RATIOS), *(line.name for line in FIGURES), PROFILE)
