"""`GET /metrics`: what Prometheus reads, and who may."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from portal.current import running_in
from portal.errors import DatabaseUnavailable
from portal.metrics import COUNTERS, DURATIONS
from portal.tokens.secret import make_secret
from tests.api.calls import ME, Program, code
from tests.builders import make_account_token, make_token
from tests.conftest import settings_for
from tests.gateway.questions import INTROSPECT, new_service
from tests.served import ROOT

# Counted before and after any database is asked; one kind is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

METRICS = "/metrics"


class Away:
    """A batch that cannot be written."""

    name = "away"

    def write(self, database, *, is_last):
        raise DatabaseUnavailable


@pytest.fixture
def scraped(back_end):
    """The numbers as they are now: (name, labels) → value."""

    def scrape():
        answer = back_end.get(METRICS)
        assert (answer.status_code, answer.content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    return scrape


class TestWhoMay:
    @pytest.mark.parametrize("of", ["a person", "an account"])
    def test_v13_4_5_no_other_token_reads_them(self, of, app, database, cast):
        make = make_token if of == "a person" else make_account_token

        assert code(Program(app, make(database, cast.alice)[1]).get(METRICS)) == "forbidden"

    def test_v13_4_5_nor_does_a_stranger_or_an_owners_cookie(self, app, alice):
        assert code(Program(app).get(METRICS)) == "token_missing"
        assert alice.client.get(METRICS, base_url=alice.base_url, buffered=True).status_code == 401


class TestNumbers:
    def test_requests_are_counted_by_route_and_class_of_status(self, scraped, app, stranger):
        for _ in range(3):
            Program(app).get("/api/v1/tokens/7")
        stranger.get("/sign-in", buffered=True)

        found = scraped()

        assert found["portal_requests_total", "/api/v1/tokens/<reference>", "4xx"] == 3
        assert found["portal_requests_total", "/sign-in", "2xx"] == 1

    def test_a_path_that_was_made_up_makes_no_number_of_its_own(self, scraped, app, stranger):
        for path in ("/nope", "/nope/2", "/api/v1/nope"):
            stranger.client.get(path, base_url=stranger.base_url, buffered=True)
        stranger.client.get("/sign-in", base_url="http://evil.example", buffered=True)

        found = scraped()

        assert found["portal_requests_total", "none", "4xx"] == 4
        assert not [key for key in found if any("nope" in part for part in key)]

    def test_checks_are_counted_by_what_came_of_them(self, scraped, app, back_end, database, cast):
        _, secret = make_token(database, cast.bob)
        for sent in (None, "x", make_secret("pat").reveal(), make_secret("pat").reveal(), secret):
            Program(app, sent).get(ME)
        Program(app, secret).get(ME, headers={"X-Api-Token": secret})
        back_end.post(INTROSPECT, data={"token": secret})

        found = scraped()

        checks = {key[1]: value for key, value in found.items() if key[0] == "portal_token_checks_total"}
        # Good: the person's own call, the service's question about it, and the service twice.
        assert checks == {
            "good": 4, "token_missing": 1, "token_malformed": 1, "token_unknown": 2, "ambiguous_credentials": 1,
        }  # fmt: skip

    def test_times_fall_into_buckets_that_add_up(self, scraped, app):
        for _ in range(5):
            Program(app).get(ME)

        found = scraped()
        counts = [
            found["portal_request_seconds_bucket", bound] for bound in ("0.005", "0.025", "0.1", "0.5", "2.5", "+Inf")
        ]

        assert counts == sorted(counts)
        assert counts[-1] == found["portal_request_seconds_count",] == 5
        assert 0 < found["portal_request_seconds_sum",] < 60

    def test_what_is_written_and_what_could_not_be_is_counted(self, scraped, app, database, cast):
        Program(app, make_token(database, cast.bob)[1]).get(ME)
        running_in(app).recorder.flush()
        running_in(app).recorder.batch(Away)
        running_in(app).recorder.flush()

        found = scraped()

        assert found["portal_recorder_writes_total", "uses", "written"] >= 1
        assert found["portal_recorder_writes_total", "away", "failed"] == 1

    def test_limits_that_were_met_and_a_database_that_is_away_stand_apart(self, scraped, app):
        for status in (429, 503, 503):
            running_in(app).counts.request("/x", status, 0.1)

        found = scraped()

        assert (found["portal_rate_limited_total",], found["portal_unavailable_total",]) == (1, 2)

    def test_what_has_not_happened_yet_is_told_as_zero_where_there_is_nothing_to_tell_apart(self, scraped):
        found = scraped()

        assert (found["portal_rate_limited_total",], found["portal_unavailable_total",]) == (0, 0)

    def test_one_process_tells_of_itself(self, scraped):
        found = scraped()

        assert found["process_resident_memory_bytes",] > 1_000_000
        assert ("python_gc_collections_total", "0") in found

    def test_no_secret_name_or_address_is_told(self, back_end, app, database, cast):
        _, secret = make_token(database, cast.bob, "Salaries")
        Program(app, secret).get(f"{ME}?token={secret}", environ_overrides={"REMOTE_ADDR": "203.0.113.7"})

        text = back_end.get(METRICS).text

        assert not [word for word in (secret, "Salaries", "203.0.113.7", "Bob", "bob@", "Acme") if word in text]


def test_every_number_is_in_the_documentation(database_url):
    page = (ROOT / "docs" / "services.md").read_text()

    assert [family.name for family in COUNTERS if f"`{family.name}_total" not in page] == []
    assert f"`{DURATIONS.name}`" in page


def test_two_portals_in_one_process_count_apart(make_app, database_url, tmp_path, database, back_end):
    other = make_app(settings_for(database_url, tmp_path))
    Program(other).get(ME)

    assert 'outcome="token_missing"' not in back_end.get(METRICS).text
    assert 'outcome="token_missing"' in Program(other, new_service(database, "Other")).get(METRICS).text
