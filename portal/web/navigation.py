"""The side navigation: which pages there are for whom. A page is listed once its endpoint exists."""

from dataclasses import dataclass
from typing import NamedTuple

from flask import Flask, current_app, request, url_for

from portal.accounts.guards import person_or_none
from portal.accounts.models import Role
from portal.accounts.sessions import SignedIn


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation."""

    label: str
    endpoint: str
    at_least: Role = Role.MEMBER


class Link(NamedTuple):
    """An entry on a page. It is current where the page shown is its own, or lies below it."""

    label: str
    url: str
    is_current: bool


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


def install(app: Flask) -> None:
    """Gives every template of `app` the person, and the frame its navigation."""
    app.context_processor(lambda: {"person": person_or_none(), "navigation": navigation})


def navigation(person: SignedIn) -> list[Group]:
    """The groups that person sees, without empty ones."""
    groups = [Group("You", _links(YOU, person)), Group(f"Account: {person.account_name}", _links(ACCOUNT, person))]
    return [group for group in groups if group.links]


def account_entries(person: SignedIn) -> tuple[Entry, ...]:
    """The account's pages that person may see, in order."""
    return _shown(ACCOUNT, person)


def _links(entries: tuple[Entry, ...], person: SignedIn) -> tuple[Link, ...]:
    here, path = request.endpoint, request.path
    addresses = [(entry, url_for(entry.endpoint)) for entry in _shown(entries, person)]
    return tuple(
        Link(entry.label, url, entry.endpoint == here or path.startswith(f"{url}/")) for entry, url in addresses
    )


def _shown(entries: tuple[Entry, ...], person: SignedIn) -> tuple[Entry, ...]:
    return tuple(
        entry
        for entry in entries
        if person.is_at_least(entry.at_least) and entry.endpoint in current_app.view_functions
    )
