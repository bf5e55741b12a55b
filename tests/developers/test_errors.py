"""`/developers/errors`: where the `type` of each problem leads."""

import re

import pytest

from portal.problems import PROBLEMS
from portal.tokens.secret import pattern_for

PATH = "/developers/errors"


@pytest.mark.parametrize("name", ["stranger", "alice", "bob", "charlie"])
def test_everybody_may_read_it(request, app, name):
    assert request.getfixturevalue(name).get(PATH).status == 200


def test_each_code_has_its_place_with_its_words(stranger):
    page = stranger.get(PATH)

    for code, problem in PROBLEMS.items():
        section = page.root.get_element_by_id(code).text_content()
        assert all(text in section for text in (str(problem.status), problem.title, problem.meaning, problem.remedy))


@pytest.mark.parametrize("name", ["stranger", "alice"])
def test_ac_046_it_shows_no_token(request, app, name):
    page = request.getfixturevalue(name).get(PATH)

    assert not re.search(pattern_for(("pat", "acc", "svc")), page.response.text)
