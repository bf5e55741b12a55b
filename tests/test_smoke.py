"""The first things to hold, before anything else is looked at."""

import pytest

import portal
from portal.app import create_app


def test_unknown_path_is_an_own_404(stranger):
    assert stranger.get("/nope").status == 404


def test_ready(stranger):
    assert stranger.get("/readyz").status == 200


def test_the_package_hands_out_the_app_and_nothing_else():
    assert portal.create_app is create_app
    with pytest.raises(AttributeError, match="nothing"):
        _ = portal.nothing
