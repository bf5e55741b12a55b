"""How much the account's token was used, on the page of API access."""

from portal.clock import utc_now
from portal.tokens.usage import Uses
from tests.api_access.steps import get_token, turn_on
from tests.personal_tokens.test_one_token import details

PAGE = "/account/api-access"


def test_the_card_says_when_from_where_and_how_often_the_token_was_used(alice, database, account_tokens):
    get_token(alice)
    (token,) = account_tokens()
    uses = Uses()
    for _ in range(1204):
        uses.note_call(token.id, utc_now(), "203.0.113.7")
    uses.write(database, is_last=True)

    page = alice.get(PAGE)

    assert details(page)["Last used"].endswith("from 203.0.113.7")
    assert "1,204 calls this week." in " ".join(page.main.split())
    assert len(page.all("//main//*[local-name()='rect']")) == 30


def test_without_a_token_there_is_nothing_to_count(alice):
    turn_on(alice)
    assert "this week" not in alice.get(PAGE).main
