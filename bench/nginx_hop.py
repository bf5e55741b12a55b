"""What nginx in front costs: a small file behind `auth_request`, and the same file without asking anybody."""

import os
from pathlib import Path

from bench import ours
from bench.lab import Lab
from bench.load import Contestant
from bench.machine import require
from bench.processes import HOST, Process, status_of

_CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
{user}
events {{ worker_connections 256; }}
http {{
    access_log off;
    default_type text/plain;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream portal {{ server {host}:{gateway}; keepalive 16; }}
    server {{
        listen {host}:{port};
        root {folder};
        location = /alone.txt {{ }}
        location = /asked.txt {{
            auth_request /verify;
            auth_request_set $user $upstream_http_x_portal_user;
            add_header X-Portal-User $user;
        }}
        location = /verify {{
            internal;
            proxy_pass http://portal;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
        }}
    }}
}}
"""


def through_nginx(lab: Lab) -> Contestant:
    headers = lab.sqlite().headers()
    return Contestant("nginx", "nginx + auth_request + file", _nginx(lab), "/asked.txt", 200, headers)


def alone(lab: Lab) -> Contestant:
    headers = lab.sqlite().headers()
    return Contestant("nginx-alone", "nginx + file", _nginx(lab), "/alone.txt", 200, headers)


def _nginx(lab: Lab) -> Process:
    """On the server's core, as is the gateway that it asks: the work of both is what a call costs."""
    gateway = lab.contestant(ours.verify_sqlite).process
    folder = lab.folder / "nginx"
    folder.mkdir(exist_ok=True)
    for name in ("asked.txt", "alone.txt"):
        (folder / name).write_text("badge\n")

    def command(port: int) -> list[str]:
        configuration = folder / "nginx.conf"
        configuration.write_text(_configuration(folder, port, gateway.port))
        return [require("nginx"), "-p", str(folder), "-e", "stderr", "-c", str(configuration)]

    return lab.server("nginx", command, ready=lambda port: status_of(port, "/alone.txt") == 200)


def _configuration(folder: Path, port: int, gateway: int) -> str:
    # Started by root, its workers would become somebody who may not read our folder.
    user = "user root;" if os.geteuid() == 0 else ""
    return _CONFIGURATION.format(folder=folder, port=port, gateway=gateway, host=HOST, user=user)
