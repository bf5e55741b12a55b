"""What a screen reader says of the two pages that matter, in which order."""

import re

from playwright.sync_api import expect


def order(screen):
    """The headings, texts, fields and buttons of the main part, one a line, as assistive programs are told of them."""
    return screen.get_by_role("main").aria_snapshot()


def in_this_order(snapshot: str, *lines: str) -> bool:
    return re.search(".*".join(re.escape(line) for line in lines), snapshot, re.DOTALL) is not None


def test_a_token_is_shown_before_all_that_can_be_done_with_it(gallery, screen):
    gallery.show(screen, "token created")

    snapshot = order(screen)

    assert in_this_order(
        snapshot,
        'heading "Copy your personal access token now" [level=1]',
        "You will not see it again",
        'textbox "Personal access token"',
        'button "Copy token"',
        'button "Copy with Bearer"',
        'button "Test this token"',
        'heading "Use it" [level=2]',
        'tab "curl" [selected]',
        'tab "Python"',
        'tab "JavaScript"',
        'tab ".env"',
        'tabpanel "curl"',
        'button "Copy sample"',
        'link "Done, I have stored it"',
    ), snapshot


def test_the_account_token_is_shown_with_its_word_first(gallery, screen):
    gallery.show(screen, "api access, created")

    snapshot = order(screen)

    assert in_this_order(
        snapshot,
        'heading "Copy your API access token now" [level=1]',
        'textbox "API access token"',
        "Bearer acc_",
        'button "Copy with Bearer"',
        'button "Copy token only"',
        'button "Test this token"',
        'tab "curl" [selected]',
        'link "Done, I have stored it"',
    ), snapshot


def test_api_access_off_says_what_it_is_before_the_switch(gallery, screen):
    gallery.show(screen, "api access, off")

    snapshot = order(screen)

    assert in_this_order(
        snapshot, 'heading "API access" [level=1]', "[level=2]", 'checkbox "Enable API access"', 'button "Update"'
    ), snapshot
    expect(screen.get_by_label("Enable API access")).not_to_be_checked()


def test_the_statement_is_read_before_one_can_agree(gallery, screen):
    gallery.show(screen, "api access, statement")

    snapshot = order(screen)

    assert in_this_order(
        snapshot,
        'heading "API access" [level=1]',
        'heading "Security statement" [level=2]',
        "Version",
        'button "Agree"',
        'checkbox "Enable API access" [checked]',
        'button "Update"',
    ), snapshot


def test_with_a_token_what_it_is_comes_before_what_ends_it(gallery, screen):
    gallery.show(screen, "api access, overlap")

    snapshot = order(screen)

    assert in_this_order(
        snapshot,
        'heading "API access" [level=1]',
        "term: Token",
        "acc_",
        'button "Stop the old token now"',
        'link "Rotate token"',
        'heading "Turn API access off" [level=2]',
        'checkbox "Enable API access" [checked]',
        'button "Update"',
    ), snapshot
