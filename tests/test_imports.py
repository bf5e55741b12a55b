"""Who may import whom. The list of layers below is the architecture page: read it from top to bottom."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Layer:
    """Rooms of one height. `reaches` names the layers they may import; `siblings`: whether they know each other."""

    name: str
    rooms: tuple[str, ...]
    reaches: tuple[str, ...]
    siblings: bool = False


LAYERS = (
    Layer(
        "entrances",  # Put everything together: may import anything.
        (
            "portal",
            "portal.app",
            "portal.cli",
            "portal.commands",
            "portal.server",
            "portal.gateway_server",
            "portal.events_server",
            "portal.supervisor",
        ),
        (
            "client",
            "surfaces",
            "authentication",
            "features",
            "page kit",
            "tokens",
            "accounts",
            "audit",
            "schema",
            "kernel",
        ),
        siblings=True,
    ),
    Layer("client", ("portal.client",), ()),  # For people with a token: knows of the portal what its API says.
    Layer(
        "surfaces",  # What programs meet.
        ("portal.api", "portal.gateway", "portal.events", "portal.developers"),
        ("authentication", "features", "page kit", "tokens", "accounts", "audit", "schema", "kernel"),
    ),
    Layer(
        "authentication",  # From secret to principal.
        ("portal.authentication",),
        ("tokens", "accounts", "audit", "kernel"),
    ),
    Layer(
        "features",  # What people do; none knows another.
        (
            "portal.members",
            "portal.sign_in",
            "portal.api_access",
            "portal.personal_tokens",
            "portal.activity",
        ),
        ("page kit", "tokens", "accounts", "audit", "kernel"),
    ),
    Layer("page kit", ("portal.web",), ("accounts", "schema", "kernel")),
    Layer("tokens", ("portal.tokens",), ("accounts", "audit", "kernel")),
    Layer("accounts", ("portal.accounts",), ("audit", "kernel")),
    Layer("audit", ("portal.audit", "portal.sentences"), ("kernel",), siblings=True),
    Layer("schema", ("portal.migrations",), ("kernel",)),
    Layer(
        "kernel",  # Nothing of ours but itself.
        (
            "portal.current",
            "portal.recorder",
            "portal.limits",
            "portal.shared_windows",
            "portal.windows",
            "portal.kept_queries",
            "portal.database",
            "portal.lookup",
            "portal.postgres_lookup",
            "portal.together",
            "portal.settings",
            "portal.written",
            "portal.brand",
            "portal.access_log",
            "portal.metrics",
            "portal.logs",
            "portal.lines",
            "portal.addresses",
            "portal.names",
            "portal.problems",
            "portal.errors",
            "portal.clock",
        ),
        (),
        siblings=True,
    ),
)

# What a layer sees beyond those it reaches. The migrations: the tables of every room, and nothing else of them. The
# client: words, and nothing that would make it wait.
SEES = {
    "schema": ("portal.audit", "portal.accounts.models", "portal.tokens.models", "portal.api_access.models"),
    "client": ("portal.problems", "portal.clock"),
}

# Inside a feature: who may import which of its own files; files not named here may import anything but views.
INSIDE_A_FEATURE = {
    "models": (),
    "forms": (),
    "service": ("models",),
    "views": ("models", "service", "forms"),
}

FLASK_FAMILY = frozenset({"flask", "flask_login", "flask_wtf", "werkzeug", "wtforms", "jinja2"})
KNOW_FLASK = (
    "portal",
    "portal.app",
    "portal.cli",
    "portal.commands",
    "portal.server",
    "portal.api",
    "portal.gateway.introspect",
    "portal.gateway.metrics",
    "portal.gateway.revoke",
    "portal.developers",
    "portal.authentication.decorator",
    "portal.authentication.reference",
    "portal.web",
    "portal.accounts.guards",
    "portal.current",
)
FILES_THAT_KNOW_FLASK = ("views", "forms")
ONLY_THIS_OF_FLASK = {"portal.accounts.sessions": {"flask_login"}}

# Half a second or 5 MB that only a few processes need; each use says so in a comment.
HEAVY = frozenset({"alembic", "markdown_it", "prometheus_client", "redis", "zxcvbn"})

# What is put together only when it is asked for: no command waits for what another one needs.
LATE = frozenset(
    {
        ("portal", "portal.app"),
        ("portal.cli", "portal.client.command"),
        ("portal.cli", "portal.commands.operator"),
        ("portal.commands.serving", "portal.events_server"),
        ("portal.commands.serving", "portal.gateway_server"),
        ("portal.lookup", "portal.postgres_lookup"),
    }
)


@dataclass(frozen=True)
class Import:
    """One import: where it stands and what it names; `is_late` inside of a function."""

    module: str
    target: str
    line: int
    is_late: bool

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def violations(sources: dict[str, str]) -> list[str]:
    """What breaks the rules in these modules (dotted name → source), one line each."""
    found = []
    for name, source in sources.items():
        if _layer_of(name) is None:
            found.append(f"{name} is in no layer")
            continue
        for one in _imports(name, source, frozenset(sources)):
            found += [f"{one}: {why}" for why in _why_wrong(one)]
    return found


def _why_wrong(one: Import) -> Iterator[str]:
    root = one.target.split(".", maxsplit=1)[0]
    if one.is_late and root not in HEAVY and (one.module, one.target) not in LATE:
        yield "inside a function"
    if one.target.startswith("."):
        yield "a relative import"
    elif root == "portal":
        yield from _why_wrong_inside(one)
    elif root in FLASK_FAMILY and not (_knows_flask(one.module) or root in ONLY_THIS_OF_FLASK.get(one.module, ())):
        yield "Flask is not known here"


def _why_wrong_inside(one: Import) -> Iterator[str]:
    own, other = _layer_of(one.module), _layer_of(one.target)
    if other is None:
        yield "there is no such room"
    elif _room_of(one.module) == _room_of(one.target):
        yield from _why_wrong_in_the_room(one)
    elif own is other:
        if not own.siblings:
            yield f"two rooms of the layer {own.name}"
    elif one.target in SEES.get(own.name, ()):
        return
    elif other.name not in own.reaches:
        yield f"{own.name} may not reach {other.name}"
    elif _knows_flask(one.target) and not _knows_flask(one.module):
        yield "brings Flask along"


def _why_wrong_in_the_room(one: Import) -> Iterator[str]:
    file, other = one.module.rpartition(".")[2], one.target.rpartition(".")[2]
    if _layer_of(one.module).name == "features":
        allowed = INSIDE_A_FEATURE.get(file)
        if other == "views" or (allowed is not None and other in INSIDE_A_FEATURE and other not in allowed):
            yield f"{file} may not know {other}"
    if _knows_flask(one.target) and not _knows_flask(one.module):
        yield "brings Flask along"


def _layer_of(module: str) -> Layer | None:
    room = _room_of(module)
    return next((layer for layer in LAYERS if room in layer.rooms), None)


def _room_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def _knows_flask(module: str) -> bool:
    is_file = module.count(".") == 2 and module.rpartition(".")[2] in FILES_THAT_KNOW_FLASK
    return is_file or module in KNOW_FLASK or any(module.startswith(f"{name}.") for name in KNOW_FLASK[1:])


def _imports(name: str, source: str, modules: frozenset[str]) -> Iterator[Import]:
    for node, is_late in _walk(ast.parse(source), is_late=False):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        else:
            targets = [_target(node, alias.name, modules) for alias in node.names]
        for target in dict.fromkeys(targets):
            yield Import(name, target, node.lineno, is_late)


def _target(node: ast.ImportFrom, name: str, modules: frozenset[str]) -> str:
    module = "." * node.level + (node.module or "")
    return f"{module}.{name}" if f"{module}.{name}" in modules else module


def _walk(node: ast.AST, *, is_late: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, is_late
        elif isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            for other in child.orelse:
                yield from _walk(other, is_late=is_late)
        else:
            is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _walk(child, is_late=is_late or is_function)


def _sources() -> dict[str, str]:
    found = {}
    for path in sorted((ROOT / "portal").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "versions" not in parts:
            found[".".join(part for part in parts if part != "__init__")] = path.read_text()
    return found


def test_everybody_imports_downward_only():
    assert violations(_sources()) == []


def test_every_room_on_the_page_exists():
    rooms = {_room_of(name) for name in _sources()}

    assert {room for layer in LAYERS for room in layer.rooms} == rooms


def test_a_feature_has_four_files_at_most():
    features = next(layer for layer in LAYERS if layer.name == "features").rooms
    files = {name for name in _sources() if _room_of(name) in features and name not in features}

    assert {name for name in files if name.rpartition(".")[2] not in INSIDE_A_FEATURE} == set()


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("portal.errors", "from portal.database import Database\nfrom portal.audit import record"),
        ("portal.tokens.service", "from portal.personal_tokens.service import create"),
        ("portal.members.service", "from portal.personal_tokens.service import create"),
        ("portal.activity.service", "import portal.authentication.principal"),
        ("portal.authentication.principal", "from portal.web.pages import page"),
        ("portal.web.pages", "from portal.tokens.models import Token"),
        ("portal.api.views", "from portal.developers.views import blueprint"),
        ("portal.activity.service", "from portal.activity.views import blueprint"),
        ("portal.activity.service", "from portal.activity.forms import Form"),
        ("portal.activity.forms", "from portal.activity.service import Line"),
        ("portal.activity.models", "from portal.activity.service import Line"),
        ("portal.activity.service", "from flask import request"),
        ("portal.tokens.service", "import werkzeug.exceptions"),
        ("portal.tokens.service", "from portal.current import running"),
        ("portal.accounts.service", "from portal.accounts.guards import current_person"),
        ("portal.accounts.sessions", "from flask import request"),
        ("portal.migrations.tables", "from portal.accounts.service import lock_account"),
        ("portal.gateway.verify", "from flask import request"),
        ("portal.gateway.verify", "from portal.authentication.decorator import authenticator"),
        ("portal.gateway.verify", "from portal.api.problems import problem_answer"),
        ("portal.clock", "def now():\n    import json"),
        ("portal.clock", "class Clock:\n    def now(self):\n        from portal.names import clean_name"),
        ("portal.clock", "from . import names"),
        ("portal.clock", "from portal import __version__"),
        ("portal.client.calls", "from portal.settings import Settings"),
        ("portal.client.calls", "from portal.tokens.secret import make_secret"),
        ("portal.client.calls", "from flask import request"),
        ("portal.tokens.service", "from portal.client.calls import create"),
        ("portal.helpers", ""),
    ],
)
def test_the_rules_catch(module, source):
    assert violations({**_nothing(), module: source})


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("portal.clock", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from portal.tokens import service"),
        ("portal.migrations.run", "def upgrade():\n    from alembic import command"),
        ("portal.accounts.passwords", "def common():\n    from zxcvbn.frequency_lists import FREQUENCY_LISTS"),
        ("portal.cli", "from portal import __version__\nfrom portal.members.service import deactivate"),
        ("portal.client.sentences", "from portal.problems import PROBLEMS"),
        ("portal.accounts.sessions", "from flask_login import UserMixin"),
        ("portal.activity.views", "from flask import request\nfrom portal.activity import service"),
        ("portal.migrations.tables", "from portal.tokens import models"),
    ],
)
def test_the_rules_let_pass(module, source):
    assert violations({**_nothing(), module: source}) == []


def _nothing() -> dict[str, str]:
    return dict.fromkeys(_sources(), "")
