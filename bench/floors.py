"""The floors as contestants: the least that can answer, on the same servers, asked with the same headers."""

from pathlib import Path

from bench.client import Client
from bench.lab import Lab
from bench.load import Contestant
from bench.machine import PEERS
from bench.processes import Process, status_of

# What the targets were set against, whatever `portal gateway` works with; and as many as `portal run` does.
GRANIAN_THREADS = 4
GUNICORN_THREADS = 8

GRANIAN = (
    str(PEERS / "granian"),
    "--interface=wsgi",
    "--no-ws",
    "--workers=1",
    f"--blocking-threads={GRANIAN_THREADS}",
    "--loop=asyncio",
    "--no-access-log",
    "--log-level=warning",
    "--http1-buffer-size=16384",
    "--http1-header-read-timeout=10000",
)
GUNICORN = (
    str(PEERS / "gunicorn"),
    "--worker-class=gthread",
    f"--threads={GUNICORN_THREADS}",
    "--keep-alive=75",
    "--no-control-socket",
    f"--worker-tmp-dir={Path('/dev') / 'shm'}",
)
_UNKNOWN = {"Authorization": "Bearer nobody"}


def wsgi_on_granian(lab: Lab) -> Contestant:
    process = lab.server(
        "floor-granian",
        lambda port: [*GRANIAN, f"--port={port}", "bench.apps.floors:wsgi"],
        ready=lambda port: status_of(port, "/verify") == 204,
    )
    what = "bare WSGI on granian"
    return Contestant("wsgi-granian", what, process, "/verify", 204, lab.sqlite().headers())


def reading_on_granian(lab: Lab) -> Contestant:
    """With one thread, and scheduled in batches: what `portal gateway` does for a file of SQLite."""
    database = lab.sqlite()
    process = lab.server(
        "floor-granian-reading",
        lambda port: [*GRANIAN, "--blocking-threads=1", f"--port={port}", "bench.apps.reading:wsgi"],
        ready=lambda port: status_of(port, "/verify", _UNKNOWN) == 401,
        environment={"BENCH_DATABASE": database.path, "BENCH_BATCH": "1"},
    )
    return Contestant("reading-granian", "the least with a read, granian", process, "/verify", 204, database.headers())


def wsgi_on_gunicorn(lab: Lab) -> Contestant:
    process = _gunicorn(lab, "floor-gunicorn", "wsgi", ready="/verify")
    what = "bare WSGI on gunicorn"
    return Contestant("wsgi-gunicorn", what, process, "/verify", 204, lab.sqlite().headers())


def reading_on_gunicorn(lab: Lab) -> Contestant:
    database = lab.sqlite()
    process = lab.server(
        "floor-gunicorn-reading",
        lambda port: [*GUNICORN, f"--bind=127.0.0.1:{port}", "bench.apps.reading:wsgi"],
        ready=lambda port: status_of(port, "/verify", _UNKNOWN) == 401,
        environment={"BENCH_DATABASE": database.path},
    )
    what = "the least with a read, gunicorn"
    return Contestant("reading-gunicorn", what, process, "/verify", 204, database.headers())


def flask_on_gunicorn(lab: Lab) -> Contestant:
    process = _gunicorn(lab, "floor-flask", "flask", ready="/me")
    what = "bare Flask on gunicorn"
    return Contestant("flask-gunicorn", what, process, "/me", 200, lab.sqlite().headers())


def template_on_gunicorn(lab: Lab) -> Contestant:
    """Flask rendering the very page that the portal sent, as a template in which nothing is filled in."""
    web = lab.web(lab.sqlite(), "sqlite")
    cookie = lab.cookie(web)
    folder = lab.folder / "templates"
    folder.mkdir(exist_ok=True)
    (folder / "page.html").write_text(f"{{% raw %}}{_list_page(web, cookie)}{{% endraw %}}")
    process = _gunicorn(lab, "floor-template", "flask", ready="/page", BENCH_TEMPLATES=str(folder))
    return Contestant("template-gunicorn", "bare Flask, static template", process, "/page", 200, (cookie,))


def _list_page(web: Process, cookie: str) -> str:
    client = Client(web.port)
    try:
        return client.get("/settings/tokens", {"Cookie": cookie.partition(": ")[2]}).body.decode()
    finally:
        client.close()


def _gunicorn(lab: Lab, name: str, callable_name: str, *, ready: str, **environment: str) -> Process:
    return lab.server(
        name,
        lambda port: [*GUNICORN, f"--bind=127.0.0.1:{port}", f"bench.apps.floors:{callable_name}"],
        ready=lambda port: status_of(port, ready) in {200, 204},
        environment=environment,
    )
