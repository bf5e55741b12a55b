"""The side navigation: which pages there are for whom. A page is listed once its endpoint exists."""

from dataclasses import dataclass
from typing import NamedTuple

from flask import Flask, current_app, request, url_for

from portal.accounts.guards import person_or_none
from portal.accounts.models import Role
from portal.accounts.sessions import SignedIn
from portal.current import running_in


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation."""

    label: str
    endpoint: str
    at_least: Role = Role.MEMBER
    # Whether what lies below its address belongs to it.
    has_pages_below: bool = True
    # What the page holds, where it is told.
    about: str = ""


class Link(NamedTuple):
    """An entry on a page. It is current where the page shown is its own, or lies below it."""

    label: str
    url: str
    is_current: bool
    about: str


@dataclass(frozen=True, slots=True)
class Group:
    """A titled part of the navigation."""

    title: str
    links: tuple[Link, ...]


YOU = (
    Entry("Profile", "members.profile"),
    Entry("Sign-in and security", "sign_in.security"),
    Entry("Personal access tokens", "personal_tokens.index"),
    Entry("Activity", "activity.own"),
)
ACCOUNT = (
    Entry("API access", "api_access.show", Role.OWNER),
    Entry("Activity", "activity.account", Role.ADMIN),
)
DEVELOPERS = (
    Entry("Start", "developers.start", has_pages_below=False),
    Entry("Reference", "developers.reference", about="each call, what it needs, takes and answers."),
    Entry("Errors", "developers.errors", about="each code a call is refused with, and what to do."),
    Entry("Token format", "developers.token_format", about="how to recognise a token, and what to do when one leaks."),
    Entry("Limits", "developers.limits", about="how often, how much, and how to make many calls in a row."),
    Entry("Event stream", "developers.events", about="what happens in the account, as it happens."),
    Entry("Tools", "developers.tools", about="with or without the word Bearer, a test, and older clients."),
    Entry("Links for vendors", "developers.links", about="the form for a new token, filled in by your product."),
    Entry("Changelog", "developers.changelog", about="what changed in the API."),
)


def install(app: Flask) -> None:
    """Gives every template of `app` the person, and the frame its navigation."""
    app.jinja_env.globals["developers_are_public"] = running_in(app).settings.developers == "public"
    app.jinja_env.globals["developers_navigation"] = developers_navigation
    app.context_processor(lambda: {"person": person_or_none(), "navigation": navigation})


def navigation(person: SignedIn) -> list[Group]:
    """The groups that person sees, without empty ones."""
    own, account = _shown(YOU, person), _shown(ACCOUNT, person)
    groups = [Group("You", _links(own)), Group(f"Account: {person.account_name}", _links(account))]
    return [group for group in groups if group.links]


def developers_navigation() -> list[Group]:
    """The pages for developers, for whoever may read them."""
    return [Group("Developers", _links(_existing(DEVELOPERS)))]


def account_entries(person: SignedIn) -> tuple[Entry, ...]:
    """The account's pages that person may see, in order."""
    return _shown(ACCOUNT, person)


def _links(entries: tuple[Entry, ...]) -> tuple[Link, ...]:
    addresses = [(entry, url_for(entry.endpoint)) for entry in entries]
    return tuple(Link(entry.label, url, _is_current(entry, url), entry.about) for entry, url in addresses)


def _is_current(entry: Entry, url: str) -> bool:
    return entry.endpoint == request.endpoint or (entry.has_pages_below and request.path.startswith(f"{url}/"))


def _shown(entries: tuple[Entry, ...], person: SignedIn) -> tuple[Entry, ...]:
    return tuple(entry for entry in _existing(entries) if person.is_at_least(entry.at_least))


def _existing(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return tuple(entry for entry in entries if entry.endpoint in current_app.view_functions)
