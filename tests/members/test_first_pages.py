"""Where the short addresses lead."""


def test_the_first_page_of_a_new_portal_is_set_up(stranger):
    assert (stranger.get("/").status, stranger.get("/").location) == (303, "/setup")


def test_the_first_page_is_sign_in_once_somebody_is_there(stranger, cast):
    assert stranger.get("/").location == "/sign-in"


def test_the_first_page_of_who_is_signed_in_is_the_tokens(bob):
    assert bob.get("/").location == "/settings/tokens"


def test_your_settings_begin_with_the_profile(bob, stranger):
    assert (bob.get("/settings").status, bob.get("/settings").location) == (303, "/settings/profile")
    assert stranger.get("/settings").location == "/sign-in?next=/settings"


def test_account_settings_lead_owners_to_api_access(alice):
    assert (alice.get("/account").status, alice.get("/account").location) == (303, "/account/api-access")


def test_account_settings_lead_admins_to_the_activity(adam):
    assert adam.get("/account").location == "/account/activity"


def test_account_settings_are_not_for_members(bob, stranger):
    assert bob.get("/account").status == 403
    assert stranger.get("/account").location == "/sign-in?next=/account"
