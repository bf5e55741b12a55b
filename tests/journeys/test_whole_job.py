"""The main job as people do it, from an empty database to a refused call."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys import steps
from tests.served import Client


@pytest.mark.parametrize("database_url", ["standing", "postgresql"], indirect=True)
def test_the_whole_job(desk, served):
    calls = Client(served.port)
    steps.set_up(desk, served)
    steps.open_api_access(desk)

    secret = steps.agree_to_api_access(desk)
    assert calls.get("/api/v1/me", token=secret).json["account"]["name"] == "Acme"

    desk.get_by_role("button", name="Copy with Bearer").click()
    assert steps.clipboard(desk) == f"Bearer {secret}"
    desk.get_by_role("button", name="Copy token only").click()
    assert steps.clipboard(desk) == secret
    desk.get_by_role("button", name="Test this token").click()
    expect(desk.get_by_text("200 OK")).to_contain_text("Acme")

    steps.open_api_access(desk)
    assert secret not in desk.content()
    desk.get_by_label("Enable API access").uncheck()
    desk.get_by_role("button", name="Update").click()
    desk.get_by_role("button", name="Turn API access off").click()
    expect(desk.get_by_label("Enable API access")).not_to_be_checked()

    reply = calls.get("/api/v1/me", token=secret)
    assert (reply.status, reply.json["code"]) == (401, "api_access_disabled")


def test_a_member_makes_tokens_and_kills_them_one_by_one(desk, served, cast):
    calls = Client(served.port)
    steps.sign_in(desk, cast.bob)
    secrets = {name: steps.create_token(desk, name) for name in ("Zapier: badge issuing", "Moodle plugin")}
    assert {calls.get("/api/v1/me", token=secret).status for secret in secrets.values()} == {200}

    for name, secret in secrets.items():
        desk.goto("/settings/tokens")
        desk.get_by_role("link", name=name).click()
        desk.get_by_role("link", name="Revoke").click()
        desk.get_by_role("button", name=f"Revoke “{name}”").click()
        expect(desk).to_have_url(re.compile("/settings/tokens$"))
        assert calls.get("/api/v1/me", token=secret).json["code"] == "token_revoked"


def test_the_whole_job_without_script(plain, served):
    calls = Client(served.port)
    steps.set_up(plain, served)
    steps.open_api_access(plain)
    secret = steps.agree_to_api_access(plain)
    assert calls.get("/api/v1/me", token=secret).status == 200
    expect(plain.get_by_role("button", name="Copy with Bearer")).to_be_hidden()

    plain.goto("/account/api-access")
    plain.get_by_label("Enable API access").uncheck()
    plain.get_by_role("button", name="Update").click()
    plain.get_by_role("button", name="Turn API access off").click()
    expect(plain.get_by_label("Enable API access")).not_to_be_checked()

    assert calls.get("/api/v1/me", token=secret).status == 401


def test_the_whole_job_on_a_phone(phone, served):
    steps.set_up(phone, served)
    phone.goto("/account/api-access")
    secret = steps.agree_to_api_access(phone)

    assert Client(served.port).get("/api/v1/me", token=secret).status == 200
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_whole_job_by_keyboard_alone(desk, served, cast):
    desk.goto("/sign-in")
    steps.tab_to(desk, "Email address")
    desk.keyboard.type(cast.alice.email)
    steps.tab_to(desk, "Password")
    desk.keyboard.type(cast.alice.password)
    desk.keyboard.press("Enter")
    expect(desk).to_have_url(re.compile("/settings/tokens"))
    steps.tab_to(desk, "Your menu")
    desk.keyboard.press("Enter")
    steps.tab_to(desk, "Account settings")
    desk.keyboard.press("Enter")
    expect(desk.get_by_label("Enable API access")).to_be_visible()
    steps.tab_to(desk, "Enable API access")
    desk.keyboard.press("Space")
    steps.tab_to(desk, "Update")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("button", name="Agree")).to_be_visible()
    steps.tab_to(desk, "Agree")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Copy your API access token now")
    steps.tab_to(desk, "Copy with Bearer")
    desk.keyboard.press("Enter")
    assert steps.clipboard(desk).startswith("Bearer acc_")
