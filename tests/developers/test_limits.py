"""`/developers/limits`: the numbers are those that this portal keeps to."""

import pytest

from tests.builders import make_token
from tests.developers.reading import facts

PATH = "/developers/limits"
URL = "http://localhost:8000"


@pytest.fixture
def call(app, cast, database):
    """Calls the API with a token of Bob's."""
    _, secret = make_token(database, cast.bob)

    def call(method, path, **options):
        headers = {"Authorization": f"Bearer {secret}", **options.pop("headers", {})}
        return app.test_client(use_cookies=False).open(path, method=method, base_url=URL, headers=headers, **options)

    return call


def test_the_limits_are_those_in_the_settings(house_with):
    page = house_with(limits="token=7/3s,address=1/1s,create=0").stranger.get(PATH)

    assert {name: many for name, (_, many) in facts(page, "calls").items()} == {
        "token": "7 in 3 seconds",
        "address": "1 in 1 second",
        "create": "Not limited",
    }


def test_each_header_it_explains_comes_with_a_429(house_with, stranger):
    client = house_with(limits="address=1/900s").app.test_client(use_cookies=False)
    refused = [client.get("/api/v1/me", base_url=URL) for _ in range(2)][-1]

    assert refused.status_code == 429
    assert set(facts(stranger.get(PATH), "refused")) == {"Retry-After", "RateLimit", "RateLimit-Policy"}
    assert set(facts(stranger.get(PATH), "refused")) <= set(refused.headers.keys())


def test_a_list_is_as_long_as_it_says(call, stranger):
    assert facts(stranger.get(PATH), "sizes")["A list"][0].startswith("50 at once, limit up to 100.")
    assert [call("GET", f"/api/v1/tokens?limit={limit}").status_code for limit in (100, 101)] == [200, 422]


def test_a_body_is_as_large_as_it_says(call, stranger):
    assert facts(stranger.get(PATH), "sizes")["A body"] == ("At most 64 KiB.",)
    # JSON may be filled up with blanks.
    bodies = (b'{"name": "x"}'.ljust(size) for size in (64 * 1024, 64 * 1024 + 1))
    answers = [call("POST", "/api/v1/tokens", data=body, content_type="application/json") for body in bodies]
    assert [answer.status_code for answer in answers] == [201, 413]


def test_a_key_is_as_long_as_it_says(call, stranger):
    assert "(1 to 255 visible ASCII characters)" in stranger.get(PATH).main
    assert "Keys are kept for 24 hours." in stranger.get(PATH).main
    answers = [
        call("POST", "/api/v1/tokens", json={"name": f"{length}"}, headers={"Idempotency-Key": "k" * length})
        for length in (255, 256)
    ]
    assert [answer.status_code for answer in answers] == [201, 422]


def test_the_number_of_tokens_is_the_one_in_the_settings(house_with):
    page = house_with(tokens_per_user="7").stranger.get(PATH)

    assert facts(page, "sizes")["Living tokens"] == ("At most 7 for each person.",)
