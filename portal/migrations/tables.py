"""All tables in one place, so that migrations see them whichever feature was loaded first."""

from collections.abc import Callable
from typing import Any

from portal import audit
from portal.accounts import models as accounts
from portal.api_access import models as api_access
from portal.database import Base
from portal.tokens import models as tokens

ROOMS = (audit, accounts, tokens, api_access)
metadata = Base.metadata


def belongs(dialect: str) -> Callable[..., bool]:
    """Whether that database has a thing of the models: some indexes are `only` for one of them. Alembic asks it."""

    def is_there(thing: Any, *_others: object) -> bool:
        return bool(thing.info.get("only", dialect) == dialect)

    return is_there
