"""All tables in one place, so that migrations see them whichever feature was loaded first."""

from portal import audit
from portal.accounts import models as accounts
from portal.api_access import models as api_access
from portal.database import Base
from portal.tokens import models as tokens

ROOMS = (audit, accounts, tokens, api_access)
metadata = Base.metadata
