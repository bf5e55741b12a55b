"""Who has nothing but a token and the pages has an answer: the programs on them, run as they stand there."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import html

from portal.database import Database
from tests.builders import make_token
from tests.cast import add_cast
from tests.served import Client, Served, serve


@dataclass(frozen=True)
class Reader:
    """Somebody with a token who copies from the pages of a served portal."""

    portal: Served
    secret: str
    folder: Path

    def copied(self, path: str, xpath: str) -> str:
        """The piece of code there, with the token in its place."""
        page = html.document_fromstring(Client(self.portal.port).get(path).body.decode())
        (piece,) = page.xpath(f"{xpath}//pre")
        return str(piece.text_content()).replace("YOUR_TOKEN", self.secret)

    def sample(self, language: str) -> str:
        """The first call in that language."""
        return self.copied("/developers", f"//*[@data-sample='{language}']")

    def run(self, *command: str) -> str:
        """What a program prints that ends well; it finds the token in its environment, too."""
        given = {**os.environ, "PORTAL_TOKEN": self.secret}
        ended = subprocess.run(
            command, cwd=self.folder, env=given, capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout


@pytest.fixture(scope="module")
def reader(sqlite_template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    path = shutil.copy(sqlite_template, folder / "portal.db")
    database = Database(f"sqlite:///{path}")
    _, secret = make_token(database, database.transaction(add_cast).bob)
    with serve(f"sqlite:///{path}", folder, limits="address=0,token=60/1s") as portal:
        yield Reader(portal, secret, folder)
    database.close()


def test_the_first_call_with_curl(reader):
    answer = reader.run("sh", "-c", reader.sample("curl"))

    assert answer.startswith("HTTP/1.1 200 OK")
    assert '"name":"Bob"' in answer


def test_the_first_call_in_python(reader):
    assert reader.run(sys.executable, "-c", reader.sample("Python")).startswith("200 {'account': {'id': 1")


def test_the_first_call_in_javascript(reader):
    program = reader.folder / "first-call.mjs"
    program.write_text(reader.sample("JavaScript"))

    assert reader.run("node", program.name).startswith("200 {")


def test_the_lines_for_env_are_taken_by_a_shell(reader):
    (reader.folder / ".env").write_text(reader.sample(".env"))

    told = reader.run("sh", "-c", '. ./.env; curl -s -H "X-Api-Token: $PORTAL_TOKEN" "$PORTAL_URL/api/v1/me"')
    assert '"role":"member"' in told


def test_the_short_way_of_curl_writes_the_word_itself(reader):
    url = f"{reader.portal.url}/api/v1/me"

    assert '"role":"member"' in reader.run("curl", "-s", "--oauth2-bearer", reader.secret, url)


def test_many_calls_in_a_row_keep_to_the_limit_and_all_get_through(reader):
    program = reader.copied("/developers/limits", "//h2[@id='bulk']/ancestor::section[1]")

    assert reader.run(sys.executable, "-c", program).split() == ["200"] * 100


def test_a_token_that_leaked_is_killed_as_the_page_says(reader):
    page = html.document_fromstring(Client(reader.portal.port).get("/developers/token-format").body.decode())
    revoke, delete = (piece.text_content() for piece in page.xpath("//h2[@id='leaked']/ancestor::section[1]//pre"))
    other = Client(reader.portal.port).call("POST", "/api/v1/tokens", reader.secret, {"name": "Leaked"}).json["token"]
    one = Client(reader.portal.port).call("POST", "/api/v1/tokens", reader.secret, {"name": "Leaked too"}).json["token"]

    assert reader.run("sh", "-c", revoke.replace("YOUR_TOKEN", other)).startswith("HTTP/1.1 200")
    assert reader.run("sh", "-c", delete.replace("YOUR_TOKEN", one)).startswith("HTTP/1.1 204")
    assert {Client(reader.portal.port).get("/api/v1/me", token=dead).status for dead in (one, other)} == {401}
