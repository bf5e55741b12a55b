"""No secret outlives the page that showed it: not in the database, its log files, our log or any later page."""

from pathlib import Path

import pytest

from tests.journeys import steps
from tests.served import Client


# Its own portal: it is stopped, and all that it leaves behind is looked at.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_secret_is_found_anywhere_after_a_whole_day(desk, served, rows, tmp_path, database_url):
    steps.set_up(desk, served)
    steps.open_api_access(desk)
    secrets = [steps.agree_to_api_access(desk)]
    secrets += [steps.create_token(desk, name) for name in ("Zapier", "Moodle")]
    desk.goto("/settings/tokens")
    desk.get_by_role("link", name="Zapier").click()
    desk.get_by_role("link", name="Rotate").click()
    desk.get_by_role("button", name="Rotate").click()
    secrets.append(desk.get_by_label("Personal access token", exact=True).input_value())
    use_everywhere(served, secrets)

    later = [read_page(desk, path) for path in later_pages(desk)]
    steps.sign_out(desk)
    served.stop()

    for secret in secrets:
        assert len(secret) == 47
        assert all(secret not in page for page in later)
        assert secret not in served.printed()
        assert all(secret.encode() not in file.read_bytes() for file in files_below(tmp_path))
    assert PASSWORD_BYTES not in served.log.read_bytes()
    assert all(PASSWORD_BYTES not in file.read_bytes() for file in files_below(tmp_path))


PASSWORD_BYTES = steps.PASSWORD.encode()


def use_everywhere(served, secrets) -> None:
    """Each secret by every carrier, in the address too, and where it has no business to be."""
    calls = Client(served.port)
    for secret in secrets:
        calls.get("/api/v1/me", token=secret)
        for field in ("api_token", "API_TOKEN", "api%5Ftoken", "access_token", "token", "q"):
            calls.get(f"/api/v1/me?{field}={secret}")
        calls.get(f"/settings/tokens/{secret}")
        calls.get("/api/v1/me", token=secret + "x")


def later_pages(desk) -> list[str]:
    """Every own address that the pages of the day link to."""
    found = {"/settings/tokens", "/settings/activity", "/account/activity", "/account/api-access", "/settings/profile"}
    for path in list(found):
        desk.goto(path)
        found |= set(
            desk.eval_on_selector_all("main a[href^='/']", "links => links.map(link => link.getAttribute('href'))")
        )
    return sorted(found)


def read_page(desk, path: str) -> str:
    desk.goto(path)
    return str(desk.content())


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
