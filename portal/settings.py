"""Every setting, declared once: its type, its default and what it does.

`docs/settings.md` is made from the descriptions here. Settings come from the environment, or from a file
`.env` in the working folder; a wrong one stops the start and is named.
"""

import fcntl
import os
import re
import secrets
from collections.abc import Mapping
from difflib import get_close_matches
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from portal.brand import Brand, parse_brand
from portal.errors import WrongSetting
from portal.written import (
    LIMIT_DEFAULTS,
    Limits,
    Networks,
    Prefixes,
    events_url_beside,
    read_limits,
    read_networks,
    read_prefixes,
    read_scopes,
)

PREFIX = "PORTAL_"
ENV_FILE = ".env"
# Not settings of a portal: `portal token` reads them, and nobody need be warned of them.
OF_PORTAL_TOKEN = frozenset({"PORTAL_URL", "PORTAL_TOKEN"})
SHORTEST_SECRET_KEY = 32
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
# What stands as it is in an address, in a command and in a program.
PLAIN_PATH = re.compile(r"[a-z0-9/._~-]*", re.IGNORECASE)
HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:]+", re.IGNORECASE)
DRIVERS = frozenset({"sqlite", "postgresql", "postgresql+psycopg"})
REDIS_SCHEMES = frozenset({"redis", "rediss", "unix"})


class Settings(BaseModel):
    """The settings of one running portal; frozen, and complete once `load_settings` returns them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instance_dir: Path = Field(
        default=Path("instance"),
        description="The folder for the SQLite database and the secret key that is made when none is given.",
    )
    database_url: str = Field(
        default="",
        description="`sqlite:///path` or `postgresql://user:password@host/name`. "
        "Without it, SQLite in the instance folder.",
    )
    redis_url: str = Field(
        default="",
        repr=False,
        description="`redis://:password@host:6379/0`, `rediss://…` or `unix:///path` of a Redis 7 or Valkey: limits "
        "are then counted for all processes and hosts together. Without it, and while it is away, each process counts "
        "alone.",
    )
    secret_key: str = Field(
        default="",
        repr=False,
        description="Signs session cookies and the set-up code; at least 32 characters. Without it, one is made in "
        "the instance folder. Several hosts must share one.",
    )
    public_url: str = Field(
        default="",
        description="The address people and programs reach the portal at, without a path. All links are made from "
        "it. `http` is allowed for this machine only. Default: `http://localhost:<port>`.",
    )
    events_url: str = Field(
        default="",
        description="The address programs reach the event stream at. Default: `/ws/events` at the host of "
        "`PORTAL_PUBLIC_URL` (`wss://portal.example.com/ws/events`), and on this machine alone at the port after the "
        "portal's (`ws://localhost:8001/ws/events`).",
    )
    events_sockets: int = Field(
        default=10_000,
        ge=10,
        le=100_000,
        description="How many may listen to the event stream at once; further ones are closed with 4429.",
    )
    trusted_proxies: Networks = Field(
        default=(),
        description="Comma list of networks (`10.0.0.0/8,::1/128`) whose `X-Forwarded-For` is believed.",
    )
    limits: Limits = Field(
        default_factory=dict,
        validate_default=True,
        description="Comma list: `signin=10/900s` is 10 in 900 seconds; `signin=0` switches one off, one left out "
        "keeps its default. "
        "`address`: API calls without a good token, per address; `token`: calls with one, per token; `create`: tokens "
        "made, per person; `signin`: failures per e-mail and address; `signin_address`: failures per address. "
        f"Default: `{','.join(f'{name}={value}' for name, value in LIMIT_DEFAULTS.items())}`.",
    )
    security_statement_file: Path | None = Field(
        default=None,
        description="Markdown that owners agree to before they get the account's token; its first line is "
        "`date: 2026-11-22`. Without it, a statement that fits most organisations.",
    )
    personal_token_prefix: Prefixes = Field(
        default=("pat",),
        description="Comma list: the first makes personal tokens, all are accepted.",
    )
    account_token_prefix: Prefixes = Field(
        default=("acc",),
        description="Comma list: the first makes account tokens, all are accepted.",
    )
    service_token_prefix: Prefixes = Field(
        default=("svc",),
        description="Comma list: the first makes service tokens, all are accepted.",
    )
    scopes: dict[str, str] = Field(
        default_factory=dict,
        description="Comma list of what tokens may be allowed in the services behind, each with the sentence that the "
        "form shows: `badges:issue=Issue badges,badges:read=See badges`.",
    )
    tokens_per_user: int = Field(
        default=100, ge=1, le=10_000, description="How many living personal tokens one person may have."
    )
    brand: Brand = Field(
        default=Brand(),
        description="What the pages are called: `Acme`, or with a logo and the hue of the accent "
        "`Acme;logo=/path/logo.svg;hue=200`. The logo is an SVG or PNG of at most 100 KB, best square; the hue is in "
        "degrees of OKLCH, 0 to 360, without the reds from 7 to 47, which stand for what destroys. "
        "Default: `Portal`.",
    )
    developers: Literal["public", "members"] = Field(
        default="public",
        description="Who may read the pages for developers: `public` is everybody, `members` whoever is signed in. "
        "The page of errors is public always, since each refusal of the API leads to it.",
    )
    workers: int = Field(default=1, ge=1, le=64, description="Web server processes. Each works on its own.")
    threads: int = Field(default=8, ge=8, le=64, description="Threads in each web server process.")

    @field_validator("personal_token_prefix", "account_token_prefix", "service_token_prefix", mode="before")
    @classmethod
    def _split_prefixes(cls, value: object) -> object:
        return read_prefixes(value)

    @field_validator("brand", mode="before")
    @classmethod
    def _read_brand(cls, value: object) -> object:
        return parse_brand(value) if isinstance(value, str) else value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        return read_networks(value) if isinstance(value, str) else value

    @field_validator("limits", mode="before")
    @classmethod
    def _split_limits(cls, value: object) -> object:
        if isinstance(value, dict) and value:
            return value
        return read_limits(value if isinstance(value, str) else "")

    @field_validator("scopes", mode="before")
    @classmethod
    def _split_scopes(cls, value: object) -> object:
        return read_scopes(value) if isinstance(value, str) else value

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        if value and len(value) < SHORTEST_SECRET_KEY:
            raise ValueError(f"use at least {SHORTEST_SECRET_KEY} random characters, or leave it out to have one made")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        try:
            url = make_url(value) if value else None
        except (ArgumentError, ValueError) as error:
            raise ValueError("write sqlite:///path or postgresql://user:password@host/name") from error
        if url is not None and url.drivername not in DRIVERS:
            raise ValueError("only sqlite:// and postgresql:// are supported")
        if url is not None and url.drivername == "sqlite" and url.database in {None, "", ":memory:"}:
            raise ValueError("SQLite needs a file: sqlite:///path")
        return value

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and not (parts.scheme in REDIS_SCHEMES and (parts.path if parts.scheme == "unix" else parts.hostname)):
            raise ValueError("write redis://host:6379/0, rediss://host:6379/0 or unix:///path")
        return value

    @field_validator("public_url")
    @classmethod
    def _plain_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not HOST_NAME.fullmatch(parts.hostname or "")):
            raise ValueError("write it like https://portal.example.com")
        if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
            raise ValueError("write the scheme and host alone, like https://portal.example.com")
        if parts.port == 0:
            raise ValueError("there is no port 0")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK_NAMES:
            raise ValueError("use https; http is allowed for this machine only (http://localhost)")
        return value.rstrip("/")

    @field_validator("events_url")
    @classmethod
    def _stream_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"ws", "wss"} or not HOST_NAME.fullmatch(parts.hostname or "")):
            raise ValueError("write it like wss://portal.example.com/ws/events")
        if parts.query or parts.fragment or parts.username or not PLAIN_PATH.fullmatch(parts.path):
            raise ValueError("write the scheme, host and path alone, like wss://portal.example.com/ws/events")
        if parts.port == 0:
            raise ValueError("there is no port 0")
        if parts.scheme == "ws" and parts.hostname not in LOOPBACK_NAMES:
            raise ValueError("use wss; ws is allowed for this machine only (ws://localhost)")
        return value

    @model_validator(mode="after")
    def _kinds_differ(self) -> Self:
        for one, other in combinations(("personal_token_prefix", "account_token_prefix", "service_token_prefix"), 2):
            if set(getattr(self, one)) & set(getattr(self, other)):
                raise ValueError(f"{PREFIX}{one.upper()} and {PREFIX}{other.upper()} share a prefix")
        return self

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def token_prefixes(self) -> Prefixes:
        """What tokens of any kind may start with."""
        return (*self.personal_token_prefix, *self.account_token_prefix, *self.service_token_prefix)

    @property
    def public_host(self) -> str:
        return urlsplit(self.public_url).hostname or ""


def load_settings(environment: Mapping[str, str] | None = None, *, port: int = 8000) -> Settings:
    """All settings, defaults filled in: the instance folder exists, the secret key is there.

    `environment` stands for the process environment and the file `.env` under it. Raises `WrongSetting` with
    one sentence for each setting that is wrong, a line each.
    """
    given = _given(environment)
    try:
        settings = Settings.model_validate({name.removeprefix(PREFIX).lower(): text for name, text in given.items()})
    except ValidationError as error:
        raise WrongSetting(_sentences(error)) from error
    _make_folder(settings.instance_dir)
    return settings.model_copy(update=_defaults(settings, port))


def unknown_settings(environment: Mapping[str, str] | None = None) -> list[str]:
    """One warning for each `PORTAL_…` name that means nothing here, with the name it may have been."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    warnings = []
    for name in sorted(set(_all_given(environment)) - known - OF_PORTAL_TOKEN):
        near = get_close_matches(name.removeprefix(PREFIX), [one.removeprefix(PREFIX) for one in known], n=1)
        warnings.append(f"{name} is not a setting{f'; did you mean {PREFIX}{near[0]}?' if near else '.'}")
    return warnings


def _given(environment: Mapping[str, str] | None) -> dict[str, str]:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return {name: value for name, value in _all_given(environment).items() if name in known}


def _all_given(environment: Mapping[str, str] | None) -> dict[str, str]:
    if environment is None:
        environment = {**_env_file(), **os.environ}
    # An empty one counts as left out: that is how compose files and unit files hand over what nobody set.
    return {name: value for name, value in environment.items() if name.startswith(PREFIX) and value.strip()}


def _env_file() -> dict[str, str]:
    try:
        return {name: value or "" for name, value in dotenv_values(ENV_FILE, interpolate=False).items()}
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSetting(f"The file {ENV_FILE} cannot be read as UTF-8 text.") from error


def _defaults(settings: Settings, port: int) -> dict[str, Any]:
    folder = settings.instance_dir.resolve()
    public_url = settings.public_url or f"http://localhost:{port}"
    return {
        "instance_dir": folder,
        "database_url": settings.database_url or f"sqlite:///{folder / 'portal.db'}",
        "secret_key": settings.secret_key or _kept_secret_key(folder / "secret_key"),
        "public_url": public_url,
        "events_url": settings.events_url or events_url_beside(public_url),
    }


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise WrongSetting(
            f"PORTAL_INSTANCE_DIR: the folder {folder} cannot be made or written to ({error.strerror})."
        ) from error


def _kept_secret_key(path: Path) -> str:
    try:
        key = (path.read_text().strip() if path.exists() else "") or _made_secret_key(path)
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSetting(f"PORTAL_SECRET_KEY: the key in {path} cannot be read or made ({error}).") from error
    if len(key) < SHORTEST_SECRET_KEY:
        raise WrongSetting(f"PORTAL_SECRET_KEY: the key in {path} is too short. Delete the file to have one made.")
    return key


def _made_secret_key(path: Path) -> str:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        # Several processes may start at once: the first one writes, the others read what it wrote.
        fcntl.flock(file, fcntl.LOCK_EX)
        key = file.read().strip()
        if not key:
            key = secrets.token_urlsafe(48)
            file.write(f"{key}\n")
    return key


def _sentences(error: ValidationError) -> str:
    return "\n".join(_sentence(str(one["msg"]), one["loc"]) for one in error.errors())


def _sentence(message: str, location: tuple[int | str, ...]) -> str:
    reason = message.removeprefix("Value error, ").rstrip(".")
    return f"{PREFIX}{str(location[0]).upper()}: {reason}." if location else f"{reason}."
