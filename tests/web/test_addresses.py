"""Addresses on pages, which are kept once they are worked out."""

import pytest
from flask import url_for

# Decided before any database is asked; one kind is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_an_address_is_the_same_however_often_it_is_asked_for(app):
    for _ in range(2):
        with app.test_request_context("/settings/tokens"):
            assert (url_for(".index"), url_for("members.home")) == ("/settings/tokens", "/")
            assert url_for(".index", status="revoked") == "/settings/tokens?status=revoked"
        with app.test_request_context("/settings/tokens", base_url="http://localhost:8000/below"):
            assert url_for(".index") == "/below/settings/tokens"


def test_a_dot_means_the_feature_that_answers(app):
    for path, endpoint in (("/account/activity", ".own"), ("/settings/profile", ".settings")):
        with app.test_request_context(path):
            first = url_for(endpoint)
            assert url_for(endpoint) == first != path


def test_files_are_kept_apart(app):
    with app.test_request_context("/"):
        names = ["css/portal.css", "js/main.js"]
        assert [url_for("static", filename=name).split("/", 3)[3] for name in names * 2] == names * 2
