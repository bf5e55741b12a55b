"""What all forms share: shape, one value for a field, what was typed stays."""

import pytest
from wtforms import RadioField, SelectMultipleField

from portal.web.forms import LONGEST_TYPED, EmailField, PortalForm, SecretField, TextField, put_error

# Decided before any database is asked; one kind is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Example(PortalForm):
    """One field of each kind of ours."""

    name = TextField("Name")
    email = EmailField()
    password = SecretField("Current password")
    size = RadioField("Size", choices=["s", "l"], default="s")
    colours = SelectMultipleField("Colours", choices=["red", "blue"])


GOOD = {"name": "Zapier", "email": "bob@acme.example", "password": "x", "size": "s", "colours": ["red", "blue"]}


@pytest.fixture
def send(app):
    """The form as it is after those values were sent; CSRF is the guards' business."""

    def send(**values):
        with app.test_request_context("/", method="POST", data=GOOD | values, base_url="http://localhost:8000"):
            form = Example(meta={"csrf": False})
            form.fits = form.validate()
            return form

    return send


def test_what_fits_is_kept_clean(send):
    form = send(name="  Zu\u0308rich ", email=" bob@acme.example ")

    assert form.fits
    assert (form.name.kept, form.email.kept) == ("Zürich", "bob@acme.example")
    assert form.colours.data == ["red", "blue"]


def test_what_was_typed_stays_as_it_was(send):
    form = send(name="Zap\u202eier ", email="bob at acme")

    assert not form.fits
    assert (form.name.data, form.email.data) == ("Zap\u202eier ", "bob at acme")
    assert set(form.errors) == {"name", "email"}


def test_an_endless_text_is_not_sent_back_whole(send):
    form = send(name="x" * 5000)

    assert form.name.errors == ["Use at most 100 characters. This has 5000."]
    assert len(form.name.data) == LONGEST_TYPED


@pytest.mark.parametrize("field", ["name", "email", "password", "size"])
def test_two_values_for_one_field_are_refused(field, send):
    form = send(**{field: [GOOD[field], "l"]})

    assert not form.fits
    assert "Send one value only." in form.errors[field]


def test_a_password_that_is_missing_is_asked_for_by_its_label(send):
    assert send(password="").errors == {"password": ["Enter the current password."]}


def test_a_field_that_was_not_sent_is_empty(app):
    with app.test_request_context("/", method="POST", data={"size": "s"}, base_url="http://localhost:8000"):
        form = Example(meta={"csrf": False}, data={"name": "Alice"})
        form.validate()

    assert form.name.data == ""
    assert form.errors["name"] == ["Enter a name."]


def test_a_choice_that_is_none_is_refused(send):
    assert set(send(size="xl", colours=["green"]).errors) == {"size", "colours"}


def test_what_a_service_finds_is_put_on_the_field(send):
    form = send()

    put_error(form.name, "That name is in use.")
    put_error(form.name, "And it is odd.")

    assert form.errors == {"name": ["That name is in use.", "And it is odd."]}
