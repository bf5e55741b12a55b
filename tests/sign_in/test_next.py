"""Where signing in may lead: to pages of this portal and nowhere else."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.web.paths import LONGEST_PATH, own_path
from tests.cast import PASSWORD
from tests.sign_in.test_sign_in import WRONG, sign_in

HOME = "https://portal.example.com/sign-in"

BYPASSES = [
    "https://evil.example",
    "http://evil.example/",
    "HTTPS://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example/%2f..",
    "//evil.example@portal.example.com",
    "//portal.example.com@evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\u00a0//evil.example",
    "\u0000//evil.example",
    "/%09/evil.example",
    "/%2f/evil.example",
    "/%2f%2fevil.example",
    "/%5cevil.example",
    "/%5c%5cevil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/%2e%2e//evil.example",
    "/;//evil.example",
    "/settings/..//evil.example",
    "/settings//evil.example",
    "/settings/../../evil.example",
    "/。evil.example",
    "/／evil.example",
    "//evil。example",
    "//[::1]",
    "/[::1",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "javascript://portal.example.com/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "mailto:a@b.example",
    "//evil.example:80",
    "evil.example",
    "settings/profile",
    "?next=//evil.example",
    "#//evil.example",
    ".evil.example",
    "@evil.example",
    ":80",
    "",
    " ",
    "/" * 3000,
    "/settings/profile\r\nSet-Cookie: a=b",
    "/settings/profile\u2028",
    "/x" * LONGEST_PATH,
]


@pytest.mark.parametrize("target", BYPASSES)
def test_v3_7_2_what_is_no_own_path_leads_to_the_default(target):
    assert own_path(target, default="/settings/tokens") == "/settings/tokens"


def test_v3_7_2_no_next_leads_to_the_default():
    assert own_path(None, default="/settings/tokens") == "/settings/tokens"


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/settings/profile",
        "/settings/tokens/12/rotate",
        "/settings/tokens?status=expired&q=a%20b",
        "/settings/tokens/new?name=Zapier%3A%20badges&scopes=a,b&expires_in=90",
        "/settings/tokens?q=https://zapier.com//x",
        "/account/",
        "/.well-known/change-password",
        "/settings/tokens?",
    ],
)
def test_own_paths_are_kept_as_they_are(target):
    assert own_path(target, default="/other") == target


@given(st.text() | st.from_regex(r"[/\\.%25:@a-z\t ]{1,12}", fullmatch=True))
def test_v3_7_2_no_text_leads_to_another_host(text):
    kept = own_path(text, default="/settings/tokens")
    parts = urlsplit(urljoin(HOME, kept))
    assert (parts.scheme, parts.netloc) == ("https", "portal.example.com")
    assert kept.isascii()
    assert kept.isprintable()


@given(st.text(alphabet="/\\.%2f5cC\t\n :@[]#?;evil", max_size=20))
def test_v3_7_2_nor_does_one_made_of_dangerous_signs(text):
    kept = own_path("/" + text, default="/settings/tokens")
    path = kept.partition("?")[0]
    assert "//" not in path
    assert not {"\\", "%", "\t", "\n", " "} & set(path)


@pytest.mark.parametrize("target", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/\\evil.example"])
def test_v1_2_2_signing_in_never_leaves_the_portal(stranger, cast, target):
    page = stranger.get("/sign-in", query_string={"next": target})
    assert "evil" not in page.response.get_data(as_text=True)
    answer = page.submit("Sign in", email=cast.bob.email, password=PASSWORD)
    assert (answer.status, answer.location) == (303, "/settings/tokens")


def test_v1_2_2_a_post_with_another_address_stays_here_too(stranger, cast):
    token = stranger.get("/sign-in").hidden("csrf_token")
    form = {"csrf_token": token, "email": cast.bob.email, "password": PASSWORD}
    assert stranger.post("/sign-in?next=//evil.example", form).location == "/settings/tokens"


def test_next_survives_a_failed_try(stranger, cast):
    refused = sign_in(stranger, cast.bob.email, WRONG, path="/sign-in?next=/settings/tokens?status%3Dexpired%26q%3Dx")
    assert refused.status == 422
    answer = refused.submit("Sign in", email=cast.bob.email, password=PASSWORD)
    assert answer.location == "/settings/tokens?status=expired&q=x"
