"""What the holder of a secret may do with nothing else: kill the token."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.service import lock_account
from portal.audit import Actor, ActorKind
from portal.tokens import service, services
from portal.tokens.models import Status, Token
from portal.tokens.secret import Secret


def is_alive(session: Session, secret: Secret, *, now: datetime) -> bool:
    """Whether there is something to kill: a token of any kind that is neither revoked nor stopped."""
    token = _find(session, secret)
    if token is not None:
        return token.status(now) is not Status.REVOKED
    return services.is_alive(session, secret)


def kill(session: Session, secret: Secret, *, address: str | None, now: datetime) -> None:
    """Revokes the token behind `secret`, an expired one too, as the deed of whom it acts for. Does nothing when it is
    dead by now."""
    token = _find(session, secret)
    if token is not None:
        account = lock_account(session, token.account_id)
        session.refresh(token)
        if token.status(now) is not Status.REVOKED:
            service.revoke(session, _holder(token, account.name, address), token, now=now)
        return
    services.revoke_held(session, secret, address=address, now=now)


def _find(session: Session, secret: Secret) -> Token | None:
    return session.scalars(select(Token).where(Token.digest == secret.digest)).one_or_none()


def _holder(token: Token, account_name: str, address: str | None) -> Actor:
    user = token.user
    return Actor(
        kind=ActorKind.USER if user else ActorKind.ACCOUNT,
        account_id=token.account_id,
        id=user.id if user else token.account_id,
        name=user.name if user else account_name,
        address=address,
        token_id=token.id,
    )
