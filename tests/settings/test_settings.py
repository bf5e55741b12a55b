"""Settings: what is taken, what is refused and how it is named."""

from pathlib import Path

import pytest

from portal.errors import WrongSetting
from portal.settings import ENV_FILE, Settings, load_settings, unknown_settings

KEY = "only-for-tests-0123456789-abcdefghijklmnop"


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch) -> Path:
    """Settings that a developer keeps in the environment or in `.env` must not be seen here."""
    monkeypatch.chdir(tmp_path)
    for name in (f"PORTAL_{field.upper()}" for field in Settings.model_fields):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_nothing_need_be_set(own_folder):
    settings = load_settings({})

    assert settings.instance_dir == own_folder / "instance"
    assert settings.database_url == f"sqlite:///{own_folder}/instance/portal.db"
    assert settings.public_url == "http://localhost:8000"
    assert len(settings.secret_key) >= 32
    assert settings.limits == {
        "address": (5, 2),
        "token": (30, 2),
        "create": (10, 60),
        "signin": (10, 900),
        "signin_address": (50, 900),
    }


def test_the_public_address_follows_the_port():
    assert load_settings({}, port=9000).public_url == "http://localhost:9000"


def test_everything_can_be_set(own_folder):
    settings = load_settings(
        {
            "PORTAL_INSTANCE_DIR": "elsewhere",
            "PORTAL_DATABASE_URL": "postgresql://alice:word@db/portal",
            "PORTAL_SECRET_KEY": KEY,
            "PORTAL_PUBLIC_URL": "https://portal.example/",
            "PORTAL_TRUSTED_PROXIES": "10.0.0.0/8, ::1/128",
            "PORTAL_LIMITS": "signin=0, signin_address=5/60s, token=100/10s",
            "PORTAL_REDIS_URL": "redis://:word@cache:6379/0",
            "PORTAL_SECURITY_STATEMENT_FILE": "statement.md",
            "PORTAL_PERSONAL_TOKEN_PREFIX": "acme, pat",
            "PORTAL_SCOPES": "badges:issue=Issue badges, badges:read = See badges",
            "PORTAL_DEVELOPERS": "members",
            "PORTAL_WORKERS": "4",
            "PORTAL_THREADS": "16",
        }
    )

    assert (settings.instance_dir, settings.secret_key) == (own_folder / "elsewhere", KEY)
    assert (settings.public_url, settings.is_https, settings.public_host) == (
        "https://portal.example",
        True,
        "portal.example",
    )
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert settings.limits == {
        "address": (5, 2),
        "token": (100, 10),
        "create": (10, 60),
        "signin": (0, 1),
        "signin_address": (5, 60),
    }
    assert settings.redis_url == "redis://:word@cache:6379/0"
    assert settings.personal_token_prefix == ("acme", "pat")
    assert settings.scopes == {"badges:issue": "Issue badges", "badges:read": "See badges"}
    assert (settings.developers, settings.workers, settings.threads) == ("members", 4, 16)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("SECRET_KEY", "x" * 31, "at least 32"),
        ("DATABASE_URL", "mysql://host/name", "only sqlite:// and postgresql://"),
        ("DATABASE_URL", "postgresql+asyncpg://host/name", "only sqlite:// and postgresql://"),
        ("DATABASE_URL", "a sentence", "write sqlite:///path or postgresql://"),
        ("DATABASE_URL", "postgresql://host:port/name", "write sqlite:///path or postgresql://"),
        ("DATABASE_URL", "sqlite://", "needs a file"),
        ("DATABASE_URL", "sqlite:///:memory:", "needs a file"),
        ("PUBLIC_URL", "portal.example", "write it like https://"),
        ("PUBLIC_URL", "ftp://portal.example", "write it like https://"),
        ("PUBLIC_URL", "https://", "write it like https://"),
        ("PUBLIC_URL", "https://portal example", "write it like https://"),
        ("PUBLIC_URL", "https://[::1", "Invalid IPv6 URL"),
        ("PUBLIC_URL", "https://portal.example:70000", "Port out of range"),
        ("PUBLIC_URL", "https://portal.example:0", "no port 0"),
        ("PUBLIC_URL", "https://portal.example/path", "scheme and host alone"),
        ("PUBLIC_URL", "https://portal.example?x=1", "scheme and host alone"),
        ("PUBLIC_URL", "https://alice@portal.example", "scheme and host alone"),
        ("PUBLIC_URL", "http://portal.example", "use https"),
        ("EVENTS_URL", "https://portal.example/ws/events", "write it like wss://"),
        ("EVENTS_URL", "wss://", "write it like wss://"),
        ("EVENTS_URL", "wss://portal.example/ws/events?x=1", "scheme, host and path alone"),
        ("EVENTS_URL", "wss://alice@portal.example", "scheme, host and path alone"),
        ("EVENTS_URL", "wss://portal.example/ws/events and more", "scheme, host and path alone"),
        ("EVENTS_URL", "wss://portal.example/ws/events'", "scheme, host and path alone"),
        ("EVENTS_URL", "wss://portal.example:70000/ws/events", "Port out of range"),
        ("EVENTS_URL", "wss://portal.example:0/ws/events", "no port 0"),
        ("EVENTS_URL", "ws://portal.example/ws/events", "use wss"),
        ("EVENTS_SOCKETS", "9", "greater than or equal to 10"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "write networks like"),
        ("TRUSTED_PROXIES", "everybody", "write networks like"),
        ("LIMITS", "sigin=1/1s", "there is no limit named sigin"),
        ("LIMITS", "signin=1", "write signin=10/900s"),
        ("LIMITS", "signin=1/0s", "write signin=10/900s"),
        ("LIMITS", "signin=-1/9s", "write signin=10/900s"),
        ("LIMITS", "signin=1/9m", "write signin=10/900s"),
        ("LIMITS", "signin=٣/9s", "write signin=10/900s"),
        ("LIMITS", "signin=3/٩s", "write signin=10/900s"),
        ("LIMITS", f"signin=1/{'9' * 5000}s", "write signin=10/900s"),
        ("LIMITS", "token=10001/9s", "token takes at most 10000"),
        ("LIMITS", "signin=1/2592001s", "signin looks back 2592000 seconds (30 days) at most"),
        ("REDIS_URL", "cache:6379", "write redis://"),
        ("REDIS_URL", "redis://", "write redis://"),
        ("REDIS_URL", "unix://", "write redis://"),
        ("REDIS_URL", "memcached://cache", "write redis://"),
        ("PERSONAL_TOKEN_PREFIX", "p", "2 to 10 lower-case"),
        ("PERSONAL_TOKEN_PREFIX", "Pat", "2 to 10 lower-case"),
        ("PERSONAL_TOKEN_PREFIX", "pat,", "2 to 10 lower-case"),
        ("ACCOUNT_TOKEN_PREFIX", "ac_c", "2 to 10 lower-case"),
        ("SCOPES", "badges", "write badges:issue=Issue badges"),
        ("SCOPES", "Badges:issue=Issue badges", "write badges:issue=Issue badges"),
        ("SCOPES", "badges:issue:all=Issue badges", "write badges:issue=Issue badges"),
        ("SCOPES", "badges issue=Issue badges", "write badges:issue=Issue badges"),
        ("SCOPES", "b\N{LATIN SMALL LETTER U WITH DIAERESIS}:issue=Issue badges", "write badges:issue=Issue badges"),
        ("SCOPES", f"badges:{'x' * 50}=Issue badges", "write badges:issue=Issue badges"),
        ("SCOPES", "badges:issue=", "say what badges:issue allows"),
        ("SCOPES", "badges:issue= ,badges:read=See", "say what badges:issue allows"),
        ("SCOPES", "badges:issue=Issue\tbadges", "say what badges:issue allows"),
        ("SCOPES", "badges:issue=Issue, badges:issue=Again", "declared once"),
        ("TOKENS_PER_USER", "0", "greater than or equal to 1"),
        ("DEVELOPERS", "private", "'public' or 'members'"),
        ("WORKERS", "many", "valid integer"),
        ("WORKERS", "65", "less than or equal to 64"),
        ("THREADS", "7", "greater than or equal to 8"),
    ],
)
def test_a_wrong_setting_is_refused_and_named(name, value, why):
    with pytest.raises(WrongSetting) as refusal:
        load_settings({f"PORTAL_{name}": value})

    assert str(refusal.value).startswith(f"PORTAL_{name}: ")
    assert why in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_every_wrong_setting_is_named_at_once():
    with pytest.raises(WrongSetting) as refusal:
        load_settings({"PORTAL_WORKERS": "0", "PORTAL_PUBLIC_URL": "nowhere"})

    assert [line.partition(":")[0] for line in str(refusal.value).splitlines()] == [
        "PORTAL_PUBLIC_URL",
        "PORTAL_WORKERS",
    ]


def test_two_kinds_of_tokens_may_not_share_a_prefix():
    with pytest.raises(WrongSetting, match="PORTAL_PERSONAL_TOKEN_PREFIX and PORTAL_ACCOUNT_TOKEN_PREFIX"):
        load_settings({"PORTAL_PERSONAL_TOKEN_PREFIX": "pat,tok", "PORTAL_ACCOUNT_TOKEN_PREFIX": "tok"})


def test_a_refusal_does_not_show_the_value():
    with pytest.raises(WrongSetting) as refusal:
        load_settings({"PORTAL_SECRET_KEY": "too-short-a-key"})

    assert "too-short-a-key" not in str(refusal.value)


@pytest.mark.parametrize(
    "url", ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:9", "https://a.example", "https://10.0.0.1"]
)
def test_these_public_addresses_are_fine(url):
    assert load_settings({"PORTAL_PUBLIC_URL": url}).public_url == url


@pytest.mark.parametrize("blank", ["", "  "])
def test_an_empty_setting_counts_as_left_out(blank, own_folder):
    settings = load_settings({"PORTAL_INSTANCE_DIR": blank, "PORTAL_WORKERS": blank})

    assert (settings.instance_dir, settings.workers) == (own_folder / "instance", 1)


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        load_settings({}).workers = 2


def test_settings_do_not_print_the_secret_key():
    assert KEY not in repr(load_settings({"PORTAL_SECRET_KEY": KEY}))


def test_a_file_env_is_read_and_the_environment_wins(own_folder, monkeypatch):
    (own_folder / ENV_FILE).write_text("PORTAL_WORKERS=2\nPORTAL_THREADS=9\nPORTAL_SECRET_KEY=${HOME}" + KEY + "\n")
    monkeypatch.setenv("PORTAL_WORKERS", "3")

    settings = load_settings()

    assert (settings.workers, settings.threads) == (3, 9)
    assert settings.secret_key == "${HOME}" + KEY


def test_a_file_env_that_is_no_text_is_refused(own_folder):
    (own_folder / ENV_FILE).write_bytes(b"PORTAL_WORKERS=\xff\n")

    with pytest.raises(WrongSetting, match=r"\.env"):
        load_settings()


def test_an_unknown_setting_is_warned_about_with_the_name_it_may_have_been():
    warnings = unknown_settings({"PORTAL_PUBLIK_URL": "x", "PORTAL_ZZZ": "x", "PORTAL_WORKERS": "1", "HOME": "/"})

    assert warnings == [
        "PORTAL_PUBLIK_URL is not a setting; did you mean PORTAL_PUBLIC_URL?",
        "PORTAL_ZZZ is not a setting.",
    ]


def test_an_unknown_setting_does_not_stop_the_start():
    assert load_settings({"PORTAL_ZZZ": "x"})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "ws://localhost:8001/ws/events"),
        ({"PORTAL_PUBLIC_URL": "http://127.0.0.1:9000"}, "ws://127.0.0.1:9001/ws/events"),
        ({"PORTAL_PUBLIC_URL": "http://[::1]:9000"}, "ws://[::1]:9001/ws/events"),
        ({"PORTAL_PUBLIC_URL": "http://localhost"}, "ws://localhost/ws/events"),
        ({"PORTAL_PUBLIC_URL": "https://portal.example"}, "wss://portal.example/ws/events"),
        ({"PORTAL_PUBLIC_URL": "https://portal.example:8443"}, "wss://portal.example:8443/ws/events"),
        ({"PORTAL_EVENTS_URL": "wss://events.example/"}, "wss://events.example/"),
    ],
)
def test_the_event_stream_is_beside_the_pages_unless_told_otherwise(given, expected):
    assert load_settings(given).events_url == expected
