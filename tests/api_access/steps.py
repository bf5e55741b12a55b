"""What an owner does on the pages of API access."""

from tests.api_access.conftest import PATH


def turn_on(owner):
    """Ticks the box and presses "Update"; the page with the statement."""
    return owner.get(PATH).submit("Update", enabled="y").follow()


def secret_on(page):
    """The secret in the read-only field, without the word Bearer."""
    assert page.status == 200, page.main
    return page.value("API access token").removeprefix("Bearer ")


def get_token(owner):
    """From off to a token; its secret."""
    return secret_on(turn_on(owner).submit("Agree"))


def rotate(owner, overlap="3600"):
    """Rotates the token; the secret of the new one."""
    return secret_on(owner.get(f"{PATH}/rotate").submit("Agree", overlap=overlap))


def turn_off(owner):
    """Presses the button of the confirm page."""
    return owner.get(f"{PATH}/disable").submit("Turn API access off")
