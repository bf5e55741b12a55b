"""`PORTAL_BRAND`: what is taken, and that whatever cannot be read or told apart is refused at the start."""

import pytest

from portal.brand import ACCENTS, Brand, contrast, foundations, parse_brand, weak_pairs
from portal.errors import WrongSetting
from portal.settings import load_settings

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4"/></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a file of each kind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logo.svg").write_text(SVG)
    (tmp_path / "drawn.svg").write_text(f'<?xml version="1.0"?>\n<!-- drawn -->\n{SVG}')
    (tmp_path / "logo.png").write_bytes(PNG)
    (tmp_path / "logo.gif").write_bytes(b"GIF89a")
    (tmp_path / "page.svg").write_text(f"<html>{SVG}</html>")
    (tmp_path / "large.png").write_bytes(PNG + bytes(100 * 1024))
    return tmp_path


def test_without_it_the_portal_is_called_portal():
    assert load_settings({}).brand == Brand("Portal", None, None)


@pytest.mark.parametrize(
    ("text", "name", "kind", "hue"),
    [
        ("Acme", "Acme", None, None),
        ("Zażółć & Söhne", "Zażółć & Söhne", None, None),
        ("Acme;logo=logo.svg;hue=290", "Acme", "svg", 290.0),
        (" Acme ; hue=0 ; logo=logo.png ;", "Acme", "png", 0.0),
        (";logo=drawn.svg", "Portal", "svg", None),
    ],
)
def test_a_brand_is_a_name_a_logo_and_a_hue(folder, text, name, kind, hue):
    brand = load_settings({"PORTAL_BRAND": text}).brand

    assert (brand.name, brand.logo and brand.logo.suffix, brand.hue) == (name, kind, hue)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x" * 41, "use a name of 1 to 40 characters, all of them visible"),
        ("Ac\u202eme", "use a name of 1 to 40 characters, all of them visible"),
        ("Acme;logo=nope.svg", "the logo nope.svg cannot be read (No such file or directory)"),
        ("Acme;logo=.", "the logo . cannot be read (Is a directory)"),
        ("Acme;logo=logo.gif", "the logo logo.gif is neither an SVG nor a PNG"),
        ("Acme;logo=page.svg", "the logo page.svg is neither an SVG nor a PNG"),
        ("Acme;logo=large.png", "the logo large.png is larger than 100 KB"),
        ("Acme;hue=361", "write the hue in degrees, 0 to 360, like hue=200"),
        ("Acme;hue=-1", "write the hue in degrees, 0 to 360, like hue=200"),
        ("Acme;hue=teal", "write the hue in degrees, 0 to 360, like hue=200"),
        ("Acme;hue=30", "the hue 30 is the red of what destroys; choose one below 7 or above 47"),
        (
            "Acme;colour=red",
            "'colour=red' is neither logo=FILE nor hue=DEGREES; write Acme;logo=/path/logo.svg;hue=200",
        ),
        ("Acme;logo=", "'logo=' is neither logo=FILE nor hue=DEGREES; write Acme;logo=/path/logo.svg;hue=200"),
    ],
)
def test_an_unfit_brand_stops_the_start_with_one_sentence(folder, text, reason):
    with pytest.raises(WrongSetting) as refused:
        load_settings({"PORTAL_BRAND": text})

    assert str(refused.value) == f"PORTAL_BRAND: {reason}."


def test_every_hue_but_the_reds_can_be_read():
    for hue in (*range(7), *range(48, 361)):
        assert parse_brand(f"Acme;hue={hue}").hue == hue


def test_an_accent_that_is_too_faint_is_refused(tmp_path, monkeypatch):
    sheet = tmp_path / "variables.css"
    names = {*ACCENTS, "text", "muted", "paper", "surface", "sunken"}
    sheet.write_text("\n".join(f"--{name}: light-dark(oklch(0.9 0.01 200), oklch(0.9 0.01 200));" for name in names))
    monkeypatch.setattr("portal.brand.FOUNDATIONS", sheet)

    with pytest.raises(ValueError, match=r"the hue 200 cannot be read well: text on accent-tint is 1\.0 to 1 in light"):
        parse_brand("Acme;hue=200")


def test_our_own_colours_are_strong_enough():
    assert weak_pairs(foundations()) == []


def test_contrast_goes_from_1_to_21():
    assert contrast((1.0, 0.0, 0.0), (0.0, 0.0, 0.0)) == pytest.approx(21, abs=0.01)
    assert contrast((0.5, 0.1, 200.0), (0.5, 0.1, 200.0)) == 1
