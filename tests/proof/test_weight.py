"""What a first visit costs: all that a browser fetches for the list of tokens, pages as they are, files compressed."""

from urllib.parse import urlsplit

MOST = 40 * 1024


def test_the_first_visit_of_the_token_list_weighs_at_most_40_kb(gallery, screen):
    answers = []
    screen.on("requestfinished", lambda request: answers.append(request.response()))
    gallery.show(screen, "tokens, ten")
    # A browser without a window fetches no icon; one that has a window does.
    screen.locator("link[rel=icon]").evaluate("icon => fetch(icon.href)")

    assert {urlsplit(answer.url).netloc for answer in answers} == {urlsplit(gallery.url).netloc}
    assert [answer.url for answer in answers if answer.request.resource_type == "font"] == []
    assert sum(_weight(answer) for answer in answers) <= MOST


def _weight(answer) -> int:
    """The bytes that came over the wire, headers included."""
    sizes = answer.request.sizes()
    return sizes["responseHeadersSize"] + sizes["responseBodySize"]


def test_the_second_page_fetches_no_file_again(gallery, screen):
    gallery.show(screen, "tokens, ten")

    gallery.show(screen, "profile")

    # Of what the browser had kept nothing came over the wire. Its icon it fetches whenever it likes.
    fetched = screen.evaluate(
        "performance.getEntriesByType('resource').filter((it) => it.transferSize > 0).map((it) => it.name)"
    )
    kept = screen.evaluate("performance.getEntriesByType('resource').length")
    assert ([name for name in fetched if "favicon" not in name], kept > 5) == ([], True)
