"""How much a token was used, on its page: when and from where, the week in words, 30 days as bars and as a table."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from portal.clock import utc_now
from portal.tokens.usage import Uses
from tests.builders import make_token
from tests.personal_tokens.steps import LIST, one
from tests.personal_tokens.test_one_token import details


@pytest.fixture
def zapier(database, cast) -> int:
    """The id of Bob's one token."""
    return make_token(database, cast.bob)[0]


def use(database, token_id, calls=0, refusals=0, days_ago=0):
    uses, at = Uses(), utc_now() - timedelta(days=days_ago)
    for _ in range(calls):
        uses.note_call(token_id, at, "203.0.113.7")
    for _ in range(refusals):
        uses.note_refusal(token_id, at, was_noted=False)
    uses.write(database, is_last=True)


def test_the_page_says_when_and_from_where_it_was_used_last(database, bob, zapier):
    use(database, zapier, calls=1)
    shown = details(bob.get(one(zapier)))["Last used"]
    assert shown.startswith("just now")
    assert shown.endswith("from 203.0.113.7")


def test_the_calls_of_the_week_are_told_in_words_and_those_of_30_days_as_bars_and_as_a_table(database, bob, zapier):
    use(database, zapier, calls=1204)
    use(database, zapier, calls=30, days_ago=10)
    page = bob.get(one(zapier))
    assert "1,204 calls this week." in " ".join(page.main.split())
    assert len(page.all("//main//*[local-name()='svg'][@role='img']/*[local-name()='rect']")) == 30
    numbers = [cell.text_content() for cell in page.all("//main//table//td")]
    assert (len(numbers), numbers[0], numbers[10], numbers[1]) == (30, "1,204", "30", "0")


def test_refused_calls_are_told_where_there_are_any(database, bob, zapier):
    assert "refused" not in bob.get(one(zapier)).main
    use(database, zapier, refusals=1)
    assert "1 call was refused in the last 30 days." in " ".join(bob.get(one(zapier)).main.split())
    use(database, zapier, calls=1, refusals=1)
    words = " ".join(bob.get(one(zapier)).main.split())
    assert "1 call this week. 2 calls were refused in the last 30 days." in words


def test_nobody_else_sees_how_much_a_token_is_used(adam, zapier):
    assert adam.get(one(zapier)).status == 404


def test_the_list_asks_the_database_as_often_for_many_tokens_as_for_one(database, cast, bob, zapier):
    asked = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    bob.get(LIST)
    for_one = len(asked)
    for number in range(20):
        use(database, make_token(database, cast.bob, f"Token {number}")[0], calls=1)
    asked.clear()
    page = bob.get(LIST)
    assert len(page.all("//main//time[@data-ago]")) >= 20
    assert len(asked) == for_one
