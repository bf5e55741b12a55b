"""Every sample of the reference, typed as it is printed, with a token in the placeholder's place: it runs, and is
answered as the page says."""

import shutil
import subprocess
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from itertools import count

import orjson
import pytest

from portal.accounts.models import Role
from portal.database import Database
from portal.developers.reference import YOUR_TOKEN, read_reference
from portal.developers.samples import CURL, JAVASCRIPT, PYTHON, samples_of
from tests.builders import ahead, make_token
from tests.cast import add_account, add_person
from tests.gateway.questions import new_service
from tests.served import Client, serve


@pytest.fixture(scope="module")
def portal(sqlite_template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    path = folder / "portal.db"
    shutil.copy(sqlite_template, path)
    url = f"sqlite:///{path}"
    with serve(url, folder) as served:
        yield url, served


@pytest.fixture(scope="module")
def calls(portal):
    """The calls as the portal's own document tells them."""
    return read_reference(Client(portal[1].port).get("/api/v1/openapi.json").json).operations


@pytest.fixture(scope="module")
def typed(portal, calls):
    """The samples of each call, language by language, ready to run: each by an Alice of its own, who has just two
    tokens, one to call with and one to call about."""
    url, served = portal
    rows, numbers = Database(url), count(1)

    def ready(call, language):
        number = next(numbers)
        alice = rows.transaction(
            lambda session: add_person(session, add_account(session, f"Acme{number}"), "Alice", Role.OWNER)
        )
        _, own = make_token(rows, alice, "To call with")
        about_id, about = make_token(rows, alice, "To call about", expires_at=ahead(days=30))
        first = new_service(rows, f"Badges {number}") if call.is_for_services else own if call.kinds else about
        text = samples_of(_about(call, about_id), served.url)[language]
        # The first one calls; where a second one stands, it is what the call is about.
        return text.replace(YOUR_TOKEN, first, 1).replace(YOUR_TOKEN, about)

    yield {language: [ready(call, language) for call in calls] for language in (CURL, PYTHON, JAVASCRIPT)}
    rows.close()


def _about(call, token_id):
    """`call` with the id of a real token in its path."""
    parameters = tuple(
        replace(one, field=replace(one.field, example=token_id)) if one.place == "path" else one
        for one in call.parameters
    )
    return replace(call, parameters=parameters)


def curl(text):
    """The status and the body that a shell is answered."""
    line = text.replace("curl ", "curl -sS -w '\n%{http_code}' ", 1)
    body, _, status = subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout.rpartition(b"\n")
    return int(status), orjson.loads(body) if body else None


def python(text):
    """The status and the body that Python is answered, and what is printed."""
    names: dict = {}
    with redirect_stdout(StringIO()) as printed:
        exec(text, names)
    answer = names["answer"]
    assert printed.getvalue().startswith(str(answer.status_code))
    return answer.status_code, answer.json() if answer.content else None


def javascript(texts):
    """The statuses that Node prints, one for each of the samples; it starts slowly, so it starts once."""
    blocks = "\n".join(f"await (async () => {{\n{text}\n}})();" for text in texts)
    program = f"const told = [];\nconsole.log = (status) => told.push(status);\n{blocks}\nconsole.info(told.join());"
    ended = subprocess.run(["node", "--input-type=module", "-e", program], capture_output=True, check=True)
    return [int(status) for status in ended.stdout.split(b",")]


def fits(body, example):
    """Whether an answer has the fields of its example, wherever that says more than null or an empty list."""
    if isinstance(example, dict) and isinstance(body, dict):
        return set(example) <= set(body) and all(fits(body[name], one) for name, one in example.items())
    if isinstance(example, list) and example and isinstance(body, list):
        return all(fits(one, example[0]) for one in body)
    return True


@pytest.mark.parametrize(("language", "run"), [(CURL, curl), (PYTHON, python)])
def test_every_sample_runs_and_is_answered_as_the_page_says(language, run, calls, typed):
    answered = {call.id: run(text) for call, text in zip(calls, typed[language], strict=True)}

    assert {name: status for name, (status, _) in answered.items()} == statuses(calls)
    assert [call.id for call in calls if not fits(answered[call.id][1], call.answers[0].example)] == []
    assert len(calls) > 12


def test_every_sample_in_javascript_runs_and_is_answered_as_the_page_says(calls, typed):
    answered = javascript(typed[JAVASCRIPT])

    assert dict(zip((call.id for call in calls), answered, strict=True)) == statuses(calls)


def statuses(calls):
    return {call.id: call.answers[0].status for call in calls}
