"""What a call is for, told on its view: summary, body, answer, errors. The OpenAPI document is made from it. No Flask.

What the call demands of a token is told by its guard, and what all calls share is known to `openapi`; here stands the
rest. It is an attribute of the view and costs a call nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

View = TypeVar("View", bound=Callable[..., Any])

DESCRIPTION = "portal_description"
# In the JSON schema of a time: it must lie ahead, or its example does. What is ahead, only the document can say, when
# it is made.
MUST_BE_AHEAD = "x-portal-must-be-ahead"
SHOWN_AHEAD = "x-portal-shown-ahead"

# Under which heading a call stands, in the order of the reference.
CALLER = "You"
OWN_TOKEN = "The calling token"
TOKENS = "Personal access tokens"
ACCOUNT = "The account"
ACTIVITY = "Activity"
SERVICES = "For services"
OLDER = "For older clients"
DOCUMENT = "This document"
TAGS = {
    CALLER: "Who a call acts as.",
    OWN_TOKEN: "What a token can do with itself.",
    TOKENS: "A person's tokens, managed by one of them.",
    ACCOUNT: "The account, its people and their tokens.",
    ACTIVITY: "What was done, and how much.",
    SERVICES: "What gateways and back ends ask about the tokens that they are sent.",
    OLDER: "The same calls under the paths of earlier systems, so that programs written for those move over unchanged.",
    DOCUMENT: "The description that the reference is drawn from.",
}


@dataclass(frozen=True, slots=True)
class Description:
    """What describes a view: `@described("listTokens", tag=TOKENS, …)`, above its guard.

    The view's docstring is the description; `operation` is the name of the call in the document. `answer` is the type
    of its JSON, a TypedDict; None for an answer without a body. `errors` are the codes of `portal.problems` that only
    this call has, beyond those that follow from its guard, its path, its query and its body. `example` and `sends` are
    values of the answer's and the body's fields, where those of the types do not fit this call. `may_be_empty`: the
    body may be left out; `is_form`: it is a form and not JSON; `once`: the call takes an `Idempotency-Key`. `leads_to`
    are the operations that take the id in the answer, or that of its first item.
    """

    operation: str
    _: KW_ONLY
    tag: str
    summary: str
    answer: Any
    errors: tuple[str, ...]
    status: int = 200
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    example: Mapping[str, Any] = field(default_factory=dict)
    sends: Mapping[str, Any] = field(default_factory=dict)
    may_be_empty: bool = False
    is_form: bool = False
    once: bool = False
    leads_to: tuple[str, ...] = ()

    def __call__(self, view: View) -> View:
        setattr(view, DESCRIPTION, self)
        return view


# As a decorator it reads as what it does.
described = Description
