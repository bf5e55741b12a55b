"""What lies beside the portal's pages is not served, and no answer tells what it is made of."""

import re

import pytest

# Decided before any database is asked; one kind is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    "path",
    [
        "/.git/HEAD", "/.git/config", "/.env", "/.svn/entries", "/app.py", "/requirements.lock", "/pyproject.toml",
        "/instance/portal.db", "/instance/secret_key", "/portal.db", "/templates/web/error.html", "/console",
        "/static", "/static/", "/static/css/", "/static/../app.py", "/static/../../etc/passwd",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py", "/static/..\\app.py", "/static/.env",
        "/static/old/../app.py", "/static/old/%2e%2e/%2e%2e/app.py", "/static/old/..%2f..%2fapp.py", "/static/old/",
        "/static/old/js/../../../app.py", "/static/old/js", "/static/js/main.js",
        "/static/old/js/main.js%00", "/server-status", "/debug", "/_components", "/robots.txt/",
    ],
)  # fmt: skip
def test_v13_4_1_what_is_no_page_is_not_there(path, stranger):
    answer = stranger.client.get(path, base_url=stranger.base_url, follow_redirects=False)

    assert answer.status_code == 404


def test_v13_4_6_no_answer_names_a_version(stranger):
    answer = stranger.get("/healthz").response

    assert "Server" not in answer.headers
    assert "X-Powered-By" not in answer.headers
    assert not re.search(r"\d", answer.get_data(as_text=True))
