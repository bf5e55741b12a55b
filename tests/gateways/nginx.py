"""A real nginx on the very files of deploy/nginx; only ports, folders and certificates are a test's own."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from portal.written import LIMIT_DEFAULTS
from tests.gateways.calls import Door
from tests.served import ROOT, free_port
from tests.server.running import wait_for

RECIPE = ROOT / "deploy" / "nginx"
INSTALL = "nginx is missing. Install it: apt-get install -y --no-install-recommends nginx-light"
# The portal's own limits, which others try.
NO_LIMITS = ",".join(f"{name}=0" for name in LIMIT_DEFAULTS)

# What Debian's own nginx.conf says around our files, as far as it could spoil something: it compresses answers,
# and logs whole addresses wherever nobody else says where to log.
AROUND = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    access_log {folder}/access.log;
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
    gzip on;
    include conf.d/*.conf;
}}
"""


@dataclass(frozen=True)
class Upstreams:
    """The ports behind nginx; one that nobody listens on where a test names none."""

    portal: int = field(default_factory=free_port)
    second_portal: int | None = None
    events: int = field(default_factory=free_port)
    check: int = field(default_factory=free_port)
    badges: int = field(default_factory=free_port)
    # How long nginx waits for the check, in its own words.
    patience: str = "5s"


@dataclass(frozen=True)
class Ports:
    """Where nginx listens: the portal and the service, each encrypted and plain."""

    portal: int = field(default_factory=free_port)
    portal_plain: int = field(default_factory=free_port)
    badges: int = field(default_factory=free_port)
    badges_plain: int = field(default_factory=free_port)


class Certificate:
    """One for localhost, of an authority of its own."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        own = authority.issue_cert("localhost")
        self.authority, self.chain, self.key = folder / "ca.pem", folder / "chain.pem", folder / "key.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        own.cert_chain_pems[0].write_to_path(str(self.chain))
        own.private_key_pem.write_to_path(str(self.key))


@dataclass
class Nginx:
    """One running nginx."""

    folder: Path
    ports: Ports
    certificate: Certificate

    def portal(self, address: str = "127.0.0.1") -> Door:
        """The portal through nginx, as one who calls from `address` (any of 127.0.0.0/8)."""
        return Door(self.ports.portal, address, self._trust())

    def badges(self, address: str = "127.0.0.1") -> Door:
        """The service through nginx."""
        return Door(self.ports.badges, address, self._trust())

    def plain(self, port: int) -> Door:
        return Door(port, "127.0.0.1", None)

    def logs(self) -> str:
        """Everything that it wrote, in every log."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate.authority))


@contextmanager
def nginx(
    folder: Path, certificate: Certificate, upstreams: Upstreams, ports: Ports | None = None, *, more: str = ""
) -> Iterator[Nginx]:
    """Runs nginx on the recipe, with `more` lines beside it, until the block is left."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    assert program, INSTALL
    running = Nginx(folder, ports or Ports(), certificate)
    _write_files(running, upstreams, more)
    process = subprocess.Popen([program, "-e", folder / "error.log", "-p", folder, "-c", folder / "nginx.conf"])
    try:
        wait_for(lambda: process.poll() is not None or _listens(running.ports.badges))
        assert process.poll() is None, running.logs()
        yield running
    finally:
        process.terminate()
        process.wait(timeout=10)


def _write_files(running: Nginx, upstreams: Upstreams, more: str) -> None:
    folder = running.folder
    # As root, nginx would work as somebody else, who may not enter a test's folder.
    around = AROUND.format(folder=folder, user="user root;" if os.geteuid() == 0 else "")
    (folder / "nginx.conf").write_text(around)
    shutil.copytree(RECIPE, folder, dirs_exist_ok=True)
    for path in folder.glob("*/*.conf"):
        text = path.read_text()
        for ours, theirs in _replaced(running, upstreams, is_portal=path.name == "portal.conf").items():
            text = text.replace(ours, theirs)
        path.write_text(text)
    (folder / "conf.d" / "more.conf").write_text(more)


def _replaced(running: Nginx, upstreams: Upstreams, *, is_portal: bool) -> dict[str, str]:
    ports, certificate = running.ports, running.certificate
    encrypted, plain = (ports.portal, ports.portal_plain) if is_portal else (ports.badges, ports.badges_plain)
    hosts = [port for port in (upstreams.portal, upstreams.second_portal) if port]
    return {
        "listen 443 ssl;": f"listen 127.0.0.1:{encrypted} ssl;",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "server 127.0.0.1:8000;": " ".join(f"server 127.0.0.1:{port};" for port in hosts),
        "server 127.0.0.1:8001;": f"server 127.0.0.1:{upstreams.events};",
        "server 127.0.0.1:8002;": f"server 127.0.0.1:{upstreams.check};",
        "http://127.0.0.1:9000;": f"http://127.0.0.1:{upstreams.badges};",
        "server_name portal.example.com;": "server_name localhost;",
        "server_name api.example.com;": "server_name localhost;",
        "/etc/ssl/portal.pem": str(certificate.chain),
        "/etc/ssl/api.pem": str(certificate.chain),
        "/etc/ssl/portal.key": str(certificate.key),
        "/etc/ssl/api.key": str(certificate.key),
        "/var/log/nginx/": f"{running.folder}/",
        "proxy_read_timeout 5s;": f"proxy_read_timeout {upstreams.patience};",
    }


def _listens(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0
