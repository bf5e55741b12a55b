"""What is measured: the points that wrk calls, and the lines that put two of them in a ratio.

Goals and gates are those of the project's performance plan; a line without a gate is told and judged by nobody.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """One thing that is called: `server` is a name of `bench.subjects`, `writes` are made alongside."""

    server: str
    path: str
    status: int
    carrier: str = "bearer"
    writes: bool = False


@dataclass(frozen=True)
class Line:
    """A ratio of two points: more is better. `gate` is what the run fails below."""

    name: str
    what: str
    point: str
    against: str
    goal: float | None = None
    gate: float | None = None


@dataclass(frozen=True)
class Size:
    """A figure of its own: less is better. `gate` is what the run fails above."""

    name: str
    what: str
    unit: str
    goal: float
    gate: float


POINTS = {
    "bare WSGI, granian": Point("wsgi-granian", "/verify", 204),
    "bare WSGI, granian, 4 threads": Point("wsgi-granian-4", "/verify", 204),
    "bare WSGI, gunicorn": Point("wsgi-gunicorn", "/verify", 204),
    "bare Flask, granian": Point("flask-granian", "/me", 200),
    "bare Flask, gunicorn": Point("flask-gunicorn", "/me", 200),
    "bare Flask page, gunicorn": Point("flask-gunicorn", "/page", 200),
    "naive Flask": Point("naive", "/me", 200),
    "django-rest-knox": Point("knox", "/me", 200, carrier="token"),
    "DRF TokenAuthentication": Point("drf", "/me", 200, carrier="token"),
    "node /me": Point("node", "/me", 200),
    "node 204": Point("node", "/verify", 204),
    "gateway, 10 tokens": Point("gateway-10", "/verify", 204),
    "gateway": Point("gateway", "/verify", 204),
    "gateway, 1,000,000 tokens": Point("gateway-1000000", "/verify", 204),
    "gateway, writes alongside": Point("gateway-written", "/verify", 204, writes=True),
    "gateway, PostgreSQL": Point("gateway-postgres", "/verify", 204),
    "web /verify": Point("web", "/verify", 204),
    "web /verify, PostgreSQL": Point("web-postgres", "/verify", 204),
    "web /api/v1/me": Point("web", "/api/v1/me", 200),
    "web /api/v1/me, PostgreSQL": Point("web-postgres", "/api/v1/me", 200),
    "web token list": Point("web", "/settings/tokens", 200, carrier="cookie"),
}

LINES = (
    Line("verify-gateway", "/verify on the gateway, SQLite, to bare WSGI on granian",
         "gateway", "bare WSGI, granian", 0.75, 0.55),
    Line("verify-gateway-postgres", "/verify on the gateway, PostgreSQL, to bare WSGI on granian (4 threads)",
         "gateway, PostgreSQL", "bare WSGI, granian, 4 threads", 0.45, 0.30),
    Line("verify-node", "/verify on the gateway, SQLite, to node http + better-sqlite3",
         "gateway", "node 204", 2.0, 1.5),
    Line("verify-web", "/verify on the web server, SQLite, to bare WSGI on gunicorn",
         "web /verify", "bare WSGI, gunicorn", 0.90, 0.75),
    Line("verify-web-postgres", "/verify on the web server, PostgreSQL, to bare WSGI on gunicorn",
         "web /verify, PostgreSQL", "bare WSGI, gunicorn"),
    Line("me", "/api/v1/me, whole app, SQLite, to bare Flask on gunicorn",
         "web /api/v1/me", "bare Flask, gunicorn", 0.85, 0.65),
    Line("me-postgres", "/api/v1/me, whole app, PostgreSQL, to bare Flask on gunicorn",
         "web /api/v1/me, PostgreSQL", "bare Flask, gunicorn", 0.55, 0.40),
    Line("tokens-10", "/verify with 10,000 tokens to 10, gateway, SQLite",
         "gateway", "gateway, 10 tokens"),
    Line("tokens-1000000", "/verify with 1,000,000 tokens to 10, gateway, SQLite",
         "gateway, 1,000,000 tokens", "gateway, 10 tokens", 0.95, 0.85),
    Line("writes", "/verify beside 200 foreign writes a second to none, gateway, SQLite",
         "gateway, writes alongside", "gateway", 0.90, 0.75),
    Line("list", "Token list page, 100 tokens, to bare Flask rendering a static template",
         "web token list", "bare Flask page, gunicorn", 0.25, 0.12),
    Line("peer-naive", "Peer: Flask-HTTPAuth, ORM, UPDATE per call, to bare Flask on granian",
         "naive Flask", "bare Flask, granian"),
    Line("peer-knox", "Peer: django-rest-knox to bare Flask on granian",
         "django-rest-knox", "bare Flask, granian"),
    Line("peer-drf", "Peer: DRF TokenAuthentication to bare Flask on granian",
         "DRF TokenAuthentication", "bare Flask, granian"),
    Line("peer-node", "Peer: node http + better-sqlite3, /me, to bare Flask on granian",
         "node /me", "bare Flask, granian"),
    Line("floor-wsgi", "Floor: bare WSGI, granian to gunicorn", "bare WSGI, granian", "bare WSGI, gunicorn"),
    Line("floor-flask", "Floor: bare Flask, granian to gunicorn", "bare Flask, granian", "bare Flask, gunicorn"),
)  # fmt: skip

MEMORY = Size("memory", "Memory of one web worker after 100,000 calls", "MB", 80, 120)
COLD_START = Size("cold-start", "Cold start of the web server to its first answer", "s", 0.8, 1.5)
PAGE_WEIGHT = Size("page-weight", "First visit of /sign-in: HTML raw, assets as they are sent", "KB", 40, 70)
SIZES = (MEMORY, COLD_START, PAGE_WEIGHT)
