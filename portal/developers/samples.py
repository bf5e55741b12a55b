"""A call as somebody would type it: in a shell, in Python, in JavaScript. No Flask.

The one token in here is a placeholder (AC-046), whoever reads the page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from shlex import quote as shell_quote
from urllib.parse import quote, urlencode

from portal.developers.calls import HEADER, PATH, QUERY, Body, Operation
from portal.developers.reference import YOUR_TOKEN
from portal.developers.written import as_json, written

CURL, PYTHON, JAVASCRIPT = "curl", "Python", "JavaScript"

Samples = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Call:
    """One call with the values of the examples in it: what is needed, and nothing that can be left out."""

    method: str
    url: str
    has_token: bool
    headers: Mapping[str, str]
    body: Body | None
    has_answer: bool


def call_of(operation: Operation, base_url: str) -> Call:
    """The call of `operation` at `base_url`, which ends without a slash."""
    path, query = operation.path, {}
    for field in operation.at(PATH):
        path = path.replace(f"{{{field.name}}}", quote(str(field.example), safe=""))
    for field in operation.at(QUERY):
        if field.is_required:
            query[field.name] = str(field.example)
    headers = {field.name: str(field.example) for field in operation.at(HEADER) if field.is_required}
    return Call(
        method=operation.method,
        url=f"{base_url}{path}{'?' + urlencode(query) if query else ''}",
        has_token=bool(operation.kinds),
        headers=headers,
        body=operation.body,
        has_answer=any(answer.has_body for answer in operation.answers if answer.status != HTTPStatus.NO_CONTENT),
    )


def samples_of(operation: Operation, base_url: str) -> Samples:
    """Language → text, in the order in which pages show them."""
    call = call_of(operation, base_url)
    return {CURL: _curl(call), PYTHON: _python(call), JAVASCRIPT: _javascript(call)}


def _curl(call: Call) -> str:
    # `-d` makes it a POST, and a GET needs no word.
    is_usual = call.method == ("GET" if call.body is None else "POST")
    options = [] if is_usual else [f"-X {call.method}"]
    if call.has_token:
        options.append(f'-H "Authorization: Bearer {YOUR_TOKEN}"')
    options += [f'-H "{name}: {value}"' for name, value in call.headers.items()]
    if call.body is not None and call.body.is_json:
        options.append('-H "Content-Type: application/json"')
        options.append(f"-d {shell_quote(call.body.text)}")
    elif call.body is not None:
        options += [f"-d {shell_quote(f'{name}={value}')}" for name, value in call.body.example.items()]
    # In one line wherever it fits: what is broken in two does not run in every shell.
    between = " " if call.body is None else " \\\n  "
    return between.join((f"curl {options[0]}", *options[1:], call.url) if options else (f"curl {call.url}",))


def _python(call: Call) -> str:
    lines = [f'    "{call.url}",']
    headers = [f'"{name}": "{value}"' for name, value in call.headers.items()]
    if call.has_token:
        headers.insert(0, '"Authorization": f"Bearer {token}"')
    if headers:
        lines.append(f"    headers={{{', '.join(headers)}}},")
    if call.body is not None:
        sent = written(call.body.example, indent=4, at=4, scalar=_in_python)
        lines.append(f"    {'json' if call.body.is_json else 'data'}={sent},")
    token = f'token = "{YOUR_TOKEN}"\n' if call.has_token else ""
    told = "answer.status_code, answer.json()" if call.has_answer else "answer.status_code"
    middle = "\n".join((*lines, "    timeout=10,"))
    return f"import requests\n\n{token}answer = requests.{call.method.lower()}(\n{middle}\n)\nprint({told})"


def _in_python(value: object) -> str:
    # The strings of JSON are strings of Python; true, false and null have other names.
    return as_json(value) if isinstance(value, str) else repr(value)


def _javascript(call: Call) -> str:
    headers = ["Authorization: `Bearer ${token}`"] if call.has_token else []
    headers += [f'"{name}": "{value}"' for name, value in call.headers.items()]
    options = [] if call.method == "GET" else [f'  method: "{call.method}",']
    if call.body is not None and call.body.is_json:
        headers.append('"Content-Type": "application/json"')
    if headers:
        options.append(f"  headers: {{ {', '.join(headers)} }},")
    if call.body is not None:
        maker = "JSON.stringify" if call.body.is_json else "new URLSearchParams"
        options.append(f"  body: {maker}({written(call.body.example, at=2)}),")
    token = f'const token = "{YOUR_TOKEN}";\n' if call.has_token else ""
    sent = ", {\n" + "\n".join(options) + "\n}" if options else ""
    told = "answer.status, await answer.json()" if call.has_answer else "answer.status"
    return f'{token}const answer = await fetch("{call.url}"{sent});\nconsole.log({told});'
