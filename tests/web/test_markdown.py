"""Markdown in a page: what is shown as it is meant, and what is not let through."""

import pytest

from portal.web.markdown import render_markdown


def rendered(text):
    return render_markdown(text, below=2)


def test_headings_go_down_by_two_and_never_below_six():
    assert rendered("# One\n\n## Two\n\n###### Six") == "<h3>One</h3>\n<h4>Two</h4>\n<h6>Six</h6>\n"


def test_html_in_the_text_is_shown_as_text():
    assert "<script>" not in rendered("<script>alert(1)</script>\n\nHello <b onclick='x'>you</b>")


@pytest.mark.parametrize("address", ["https://example.com/rules", "http://example.com", "mailto:safety@acme.example"])
def test_links_to_the_web_and_to_mail_are_links(address):
    assert f'<a href="{address}">rules</a>' in rendered(f"Read the [rules]({address}).")


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "ftp://example.com/x", "/sign-out", "data:text/html,x", "//x.example"]
)
def test_other_links_are_no_links(address):
    shown = rendered(f"Read the [rules]({address}) and [ours](https://example.com).")

    assert shown.count("<a ") == shown.count("</a>") == 1
    assert "rules" in shown


def test_pictures_are_not_shown():
    assert "<img" not in rendered("![a picture](https://example.com/x.png)")
