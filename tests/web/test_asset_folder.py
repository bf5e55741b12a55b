"""How a folder becomes addresses: by what is in it, once, and nothing beside it."""

from pathlib import Path

import pytest
from flask import Flask

from portal.web import assets

LONG = "body { color: teal }\n" * 20


def served_from(folder: Path, *, debug: bool = False, bundles=None):
    """A client of an app that serves nothing but that folder."""
    app = Flask(__name__, static_folder=None)
    app.debug = debug
    assets.install(app, folder, bundles=bundles or {})
    with app.test_request_context():
        address = app.url_for("static", filename="one.css")
    return app.test_client(), address


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files/one.css").write_text(LONG)
    return tmp_path / "files"


def test_a_changed_file_has_another_address(folder):
    _, before = served_from(folder)
    (folder / "one.css").write_text(LONG + "p { margin: 0 }")

    _, after = served_from(folder)

    assert before != after


def test_a_renamed_file_has_another_address(folder):
    (folder / "two.css").write_text(LONG)
    _, before = served_from(folder)
    (folder / "two.css").rename(folder / "three.css")

    _, after = served_from(folder)

    assert before != after


def test_every_host_makes_the_same_addresses(folder):
    assert assets.read_assets(folder, {}) == assets.read_assets(folder, {})


def test_what_is_changed_under_a_running_portal_is_not_seen(folder):
    client, address = served_from(folder)
    (folder / "one.css").write_text("p { margin: 0 }")
    (folder / "two.css").write_text("p { margin: 0 }")

    assert client.get(address).text == LONG
    assert client.get(address.replace("one", "two")).status_code == 404


def test_a_developer_sees_what_was_edited_at_once(folder):
    client, address = served_from(folder, debug=True)
    (folder / "one.css").write_text("p { margin: 0 }")

    answer = client.get(address)

    assert (answer.text, answer.headers["Cache-Control"]) == ("p { margin: 0 }", "no-cache")


def test_v13_4_1_what_is_hidden_or_outside_is_not_served(folder, tmp_path):
    (folder / ".secret").write_text(LONG)
    (tmp_path / "outside.css").write_text(LONG)
    client, address = served_from(folder)

    for name in (".secret", "../outside.css", "..%2foutside.css", "%2e%2e/outside.css"):
        assert client.get(address.replace("one.css", name)).status_code == 404


def test_what_gains_nothing_by_compression_is_sent_as_it_is(folder):
    (folder / "one.css").write_bytes(b"p{}")
    client, address = served_from(folder)

    answer = client.get(address, headers={"Accept-Encoding": "gzip"})

    assert (answer.data, answer.headers.get("Content-Encoding")) == (b"p{}", None)


def test_a_bundle_is_its_parts_one_after_the_other(folder):
    (folder / "two.css").write_text("p { margin: 0 }")
    client, address = served_from(folder, bundles={"all.css": ("two.css", "one.css")})

    assert client.get(address.replace("one", "all")).text == "p { margin: 0 }\n" + LONG
