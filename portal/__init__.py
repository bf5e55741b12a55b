"""An account portal: an organisation turns API access on, people make, watch and kill their tokens.

Nothing is imported here at once. Whoever only has a token runs commands that need neither Flask nor a database, and
would wait for both.
"""

from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`portal.create_app`, put together when it is asked for."""
    if name == "create_app":
        # Late for the reason above.
        from portal.app import create_app

        return create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
