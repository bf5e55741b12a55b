"""A month at Acme, as it may have been: who made which token, what used it, what was refused. Made by the product's own
verbs, at times gone by, so that lists, charts and the log agree with each other."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from portal.audit import Action, Actor, Outcome, Target, record
from portal.clock import utc_now
from portal.database import Database
from portal.tokens import service
from portal.tokens.models import Kind, TokenUsage
from tests.builders import actor_of
from tests.cast import Cast, Person, add_cast

Work = Callable[[Session], object]
OFFICE, HOME = "203.0.113.7", "198.51.100.24"


@dataclass(frozen=True)
class Made:
    """A token of the month: whose, when, for how long, and how busy it has been."""

    owner: Person
    name: str
    made_days_ago: float
    lives_days: int | None = 90
    scopes: tuple[str, ...] | None = None
    used_minutes_ago: float | None = None
    calls_a_day: int = 0


# As the operator of a portal with services behind it declares them.
SCOPES = "badges:issue=Issue badges,badges:read=See badges,reports:read=Read reports"


def tokens_of(cast: Cast) -> list[Made]:
    """All tokens, oldest first."""
    reading = ("account:read", "reports:read")
    return [
        Made(cast.alice, "Autumn fair: ticket desk", 62, lives_days=30, used_minutes_ago=33 * 1440),
        Made(cast.alice, "Alice’s laptop: shell scripts", 48, lives_days=None, used_minutes_ago=9 * 1440),
        Made(cast.alice, "CI: nightly export", 84, scopes=reading, used_minutes_ago=14 * 60, calls_a_day=12),
        Made(cast.bob, "Moodle plugin", 29, used_minutes_ago=50, calls_a_day=90),
        Made(cast.alice, "Zapier: badge issuing", 28, scopes=("badges:issue",), used_minutes_ago=3, calls_a_day=170),
        Made(cast.adam, "Intranet: member directory", 21, scopes=("account:read",), used_minutes_ago=25),
        Made(cast.alice, "Grafana: sign-in dashboard", 12, scopes=("tokens:read", "reports:read"), used_minutes_ago=1),
        Made(cast.alice, "Slack: welcome message", 9, used_minutes_ago=8 * 1440),
        Made(cast.alice, "Power BI: weekly report", 2, lives_days=365, scopes=("reports:read",)),
    ]


def add_month(database: Database) -> Cast:
    """Fills an empty database, in the order in which it happened; returns the cast."""
    now = utc_now()
    cast = database.transaction(add_cast)
    ids: dict[str, int] = {}
    happened = [(one.made_days_ago, partial(_make, database, one, ids, now)) for one in tokens_of(cast)]
    happened.append((24, partial(_turn_on, database, cast.alice, now)))
    happened += [(days_ago, partial(database.transaction, work)) for days_ago, work in _events(cast, ids, now)]
    for _, do in sorted(happened, key=lambda one: -one[0]):
        do()
    return cast


def _make(database: Database, one: Made, ids: dict[str, int], now: datetime) -> None:
    at = now - timedelta(days=one.made_days_ago)
    new = service.NewToken(
        kind=Kind.PERSONAL,
        prefix="pat",
        account_id=one.owner.account_id,
        user_id=one.owner.id,
        made_by_id=one.owner.id,
        name=one.name,
        scopes=one.scopes,
        expires_at=at + timedelta(days=one.lives_days, hours=6) if one.lives_days else None,
    )
    ids[one.name] = _issue(database, new, one, now)


def _turn_on(database: Database, owner: Person, now: datetime) -> None:
    """API access: turned on, agreed to, and used by a payroll program ever since."""
    actor, at = replace(actor_of(owner), address=OFFICE), now - timedelta(days=24)

    def work(session: Session) -> None:
        target = Target("account", owner.account_id, "Acme")
        for action in (Action.API_ACCESS_ENABLED, Action.STATEMENT_AGREED):
            record(session, action, actor, account_id=owner.account_id, now=at, target=target)

    database.transaction(work)
    new = service.NewToken(
        kind=Kind.ACCOUNT,
        prefix="acc",
        account_id=owner.account_id,
        user_id=None,
        made_by_id=owner.id,
        name="API access",
        scopes=None,
        expires_at=None,
    )
    used = Made(owner, new.name, 24, used_minutes_ago=4, calls_a_day=230)
    _issue(database, new, used, now)


def _issue(database: Database, new: service.NewToken, one: Made, now: datetime) -> int:
    actor = replace(actor_of(one.owner), address=OFFICE)

    def work(session: Session) -> int:
        token = service.issue(session, actor, new, now=now - timedelta(days=one.made_days_ago)).token
        if new.kind is Kind.ACCOUNT:
            token.made_by.account.api_access_enabled = True
        if one.used_minutes_ago is not None:
            token.last_used_at, token.last_used_from = now - timedelta(minutes=one.used_minutes_ago), OFFICE
        for days in range(min(30, int(one.made_days_ago)) if one.calls_a_day else 0):
            session.add(_usage(token.id, now - timedelta(days=days), one.calls_a_day))
        return token.id

    return database.transaction(work)


def _usage(token_id: int, at: datetime, calls_a_day: int) -> TokenUsage:
    """Busy on weekdays, quiet at the weekend, never twice the same."""
    share = (0.7 + (at.toordinal() * 37 % 60) / 100) * (1 if at.weekday() < 5 else 0.15)
    return TokenUsage(token_id=token_id, day=at.date(), calls=round(calls_a_day * share), refusals=0)


def _events(cast: Cast, ids: dict[str, int], now: datetime) -> list[tuple[float, Work]]:
    """What else happened of late: how many days ago, and what it wrote."""
    alice, adam = (replace(actor_of(person), address=OFFICE) for person in (cast.alice, cast.adam))
    at_home = replace(alice, address=HOME)

    def noted(days_ago: float, action: Action, actor: Actor, **more: Any) -> tuple[float, Work]:
        at = now - timedelta(days=days_ago)
        return days_ago, lambda session: record(session, action, actor, account_id=actor.account_id, now=at, **more)

    def rotated(session: Session) -> None:
        old = service.find_own(session, user_id=cast.alice.id, token_id=ids["Grafana: sign-in dashboard"])
        at, overlap = now - timedelta(days=0.1), timedelta(days=1)
        service.rotate(session, alice, old, prefix="pat", overlap=overlap, expires_at=old.expires_at, now=at)

    def revoked(session: Session) -> None:
        token = service.find_own(session, user_id=cast.alice.id, token_id=ids["Slack: welcome message"])
        service.revoke(session, alice, token, now=now - timedelta(days=1.1))

    def refused(session: Session) -> None:
        actor, at = replace(alice, token_id=ids["CI: nightly export"]), now - timedelta(days=0.03)
        why = {"outcome": Outcome.REFUSED, "detail": "insufficient_scope", "count": 12}
        record(session, Action.CALL_REFUSED, actor, account_id=alice.account_id, now=at, **why)

    wrong = {"outcome": Outcome.REFUSED, "detail": "wrong_password", "count": 3}
    return [
        noted(6, Action.PASSWORD_CHANGED, alice),
        noted(3, Action.SESSION_STARTED, adam),
        noted(2.1, Action.SESSION_STARTED, alice),
        (1.1, revoked),
        noted(0.82, Action.SESSION_REFUSED, at_home, **wrong),
        noted(0.81, Action.SESSION_STARTED, at_home),
        (0.1, rotated),
        (0.03, refused),
    ]
