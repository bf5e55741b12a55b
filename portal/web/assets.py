"""The files of `static/`: read, compressed and named once, at the start; a request looks one up and sends it.

Their address holds a hash of the whole folder, so a browser may keep them for ever, and imports between scripts,
which are relative, lead to the same version. Only these are compressed: pages hold secrets beside what somebody
typed (BREACH), these hold none.
"""

import gzip
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from flask import Flask, abort, request
from werkzeug.wrappers import Response

RULE = "/static/<version>/<path:filename>"
_ONE_YEAR = 365 * 24 * 3600
FOR_EVER = f"public, max-age={_ONE_YEAR}, immutable"
# A page of another version, as there are while a new one is rolled out: it gets our files, and must not keep them.
ASK_AGAIN = "no-cache"
# What a page waits for before it shows anything is one file: each more would be a journey more. In the order of layers.
BUNDLES = {
    "css/portal.css": tuple(
        f"css/{name}.css"
        for name in (
            "variables",
            "base",
            "layout",
            "components",
            "forms",
            "secrets",
            "lists",
            "developers",
            "reference",
            "states",
        )
    )
}
# What differs from machine to machine in the tables that `mimetypes` reads.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is sent; `gzipped` is None where compressing gains nothing."""

    content_type: str
    plain: bytes
    gzipped: bytes | None
    etag: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All files by their path below the folder, and the hash of them all."""

    version: str
    files: dict[str, Asset]


def install(app: Flask, folder: Path, *, bundles: Mapping[str, tuple[str, ...]]) -> None:
    """Serves the files of `folder`, and `bundles` of them; `url_for("static", filename=…)` names each."""
    kept = read_assets(folder, bundles)

    def add_version(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "static":
            values.setdefault("version", kept.version)

    def send(version: str, filename: str) -> Response:
        # While developing, what was edited is seen at the next request.
        asset = (read_assets(folder, bundles) if app.debug else kept).files.get(filename)
        if asset is None:
            abort(404)
        return _answer(asset, is_current=version == kept.version and not app.debug)

    app.url_defaults(add_version)
    app.add_url_rule(RULE, endpoint="static", view_func=send, methods=["GET"])


def read_assets(folder: Path, bundles: Mapping[str, tuple[str, ...]]) -> Assets:
    """Reads and compresses every file below `folder`, those that begin with a dot aside."""
    paths = sorted(path for path in folder.rglob("[!.]*") if path.is_file())
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    contents |= {name: b"\n".join(contents[part] for part in parts) for name, parts in bundles.items()}
    files = {name: _asset(name, content) for name, content in contents.items()}
    whole = sha256("".join(f"{name} {asset.etag}\n" for name, asset in files.items()).encode())
    return Assets(whole.hexdigest()[:12], files)


def _asset(name: str, plain: bytes) -> Asset:
    # No time in it: every worker on every host makes the same bytes.
    gzipped = gzip.compress(plain, mtime=0)
    content_type = _TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(
        content_type=content_type,
        plain=plain,
        gzipped=gzipped if len(gzipped) < len(plain) else None,
        etag=sha256(plain).hexdigest()[:16],
    )


def _answer(asset: Asset, *, is_current: bool) -> Response:
    body, etag = asset.plain, asset.etag
    is_gzipped = asset.gzipped is not None and request.accept_encodings.quality("gzip") > 0
    if asset.gzipped is not None and is_gzipped:
        body, etag = asset.gzipped, f"{asset.etag}-gzip"
    response = Response(body, content_type=asset.content_type)
    if is_gzipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = FOR_EVER if is_current else ASK_AGAIN
    response.headers["Vary"] = "Accept-Encoding"
    response.set_etag(etag)
    return response.make_conditional(request)
