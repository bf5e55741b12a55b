"""How much tokens were used, read: the days behind the charts and behind the calls that list usage.

What is counted and not written yet (`portal.tokens.usage`) shows a few seconds later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from portal.tokens.models import Token, TokenUsage

WEEK_DAYS = 7
CHART_DAYS = 30


@dataclass(frozen=True, slots=True)
class DayOfUse:
    """How much was used on one day (UTC)."""

    day: date
    calls: int = 0
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """The use of one token, day by day without gaps, oldest first, today last."""

    days: tuple[DayOfUse, ...]

    @property
    def calls_this_week(self) -> int:
        """Calls that were let in within the last seven days, today included."""
        return sum(day.calls for day in self.days[-WEEK_DAYS:])

    @property
    def refusals(self) -> int:
        return sum(day.refusals for day in self.days)


def usage_of(
    session: Session,
    *,
    today: date,
    days: int = CHART_DAYS,
    token_id: int | None = None,
    user_id: int | None = None,
    account_id: int | None = None,
) -> Sequence[Row[date, int, int, int]]:
    """Day, token id, calls and refusals of the last `days` days, oldest day first: of one token, of one person's or of
    an account's tokens.

    What is given narrows down together. Days without a call have no row.
    """
    query = (
        select(TokenUsage.day, TokenUsage.token_id, TokenUsage.calls, TokenUsage.refusals)
        .where(TokenUsage.day > today - timedelta(days=days))
        .order_by(TokenUsage.day, TokenUsage.token_id)
    )
    if token_id is not None:
        query = query.where(TokenUsage.token_id == token_id)
    if user_id is not None or account_id is not None:
        query = query.join(Token, Token.id == TokenUsage.token_id)
    if user_id is not None:
        query = query.where(Token.user_id == user_id)
    if account_id is not None:
        query = query.where(Token.account_id == account_id)
    return session.execute(query).all()


def usage_of_token(session: Session, token_id: int, *, today: date, days: int = CHART_DAYS) -> Usage:
    """What the pages show of one token. Whose it is, the caller has made sure of."""
    found = {row.day: row for row in usage_of(session, today=today, days=days, token_id=token_id)}
    every_day = (today - timedelta(days=back) for back in reversed(range(days)))
    return Usage(tuple(_of_day(day, found.get(day)) for day in every_day))


def _of_day(day: date, row: Row[date, int, int, int] | None) -> DayOfUse:
    return DayOfUse(day) if row is None else DayOfUse(day, calls=row.calls, refusals=row.refusals)
