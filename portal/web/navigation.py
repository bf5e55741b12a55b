"""The side navigation: which pages there are for whom. A page is listed once its endpoint exists."""

from dataclasses import dataclass

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

    @property
    def is_current(self) -> bool:
        """Whether the page shown is this one or lies below it, in the same feature and group."""
        return request.endpoint == self.endpoint or request.path.startswith(url_for(self.endpoint) + "/")


@dataclass(frozen=True, slots=True)
class Group:
    """A titled part of the navigation."""

    title: str
    entries: tuple[Entry, ...]


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
    groups = [Group("You", _shown(YOU, person)), Group(f"Account: {person.account_name}", _shown(ACCOUNT, person))]
    return [group for group in groups if group.entries]


def account_entries(person: SignedIn) -> tuple[Entry, ...]:
    """The account's pages that person may see, in order."""
    return _shown(ACCOUNT, person)


def _shown(entries: tuple[Entry, ...], person: SignedIn) -> tuple[Entry, ...]:
    return tuple(
        entry
        for entry in entries
        if person.is_at_least(entry.at_least) and entry.endpoint in current_app.view_functions
    )
