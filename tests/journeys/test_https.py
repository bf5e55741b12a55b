"""Behind TLS: the cookie is bound to the host, and forms pass the check of where they come from."""

import re

import pytest
from playwright.sync_api import expect

from tests.encrypted import encrypted
from tests.journeys import steps
from tests.served import free_port, serve

# Its own portal, at another public address.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def secure(database_url, cast, tmp_path, open_context):
    """A page on an https address of the portal."""
    port = free_port()
    with serve(database_url, tmp_path, public_url=f"https://localhost:{port}") as portal, encrypted(port, portal.port):
        context = open_context(base_url=f"https://localhost:{port}", ignore_https_errors=True)
        yield context.new_page()
        context.close()


def test_ac_061_every_form_of_the_main_job_passes_on_https(secure, cast):
    steps.sign_in(secure, cast.alice)
    steps.create_token(secure, "Zapier")
    secure.goto("/settings/tokens")
    secure.get_by_role("link", name="Zapier").click()
    secure.get_by_role("link", name="Revoke").click()
    secure.get_by_role("button", name="Revoke “Zapier”").click()
    expect(secure).to_have_url(re.compile("/settings/tokens$"))
    steps.open_api_access(secure)
    secret = steps.agree_to_api_access(secure)
    expect(
        secure.get_by_text(f"https://localhost:{secure.url.split(':')[2].split('/')[0]}/api/v1/me").first
    ).to_be_visible()
    assert secret.startswith("acc_")

    # From the very page that shows a token.
    steps.sign_out(secure)


def test_on_https_the_cookie_is_bound_to_this_host(secure, cast):
    steps.sign_in(secure, cast.bob)

    cookies = {cookie["name"]: cookie for cookie in secure.context.cookies()}

    assert set(cookies) == {"__Host-session"}
    found = cookies["__Host-session"]
    assert (found["secure"], found["httpOnly"], found["sameSite"], found["path"], found["expires"]) == (
        True,
        True,
        "Lax",
        "/",
        -1,
    )
