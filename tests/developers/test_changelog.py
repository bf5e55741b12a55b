"""`/developers/changelog`: dated, newest first, and about calls that there are."""

from datetime import date

from portal.developers.changelog import RELEASES

PATH = "/developers/changelog"


def test_every_release_is_there_with_its_day_and_its_changes(stranger):
    page = stranger.get(PATH)

    for release in RELEASES:
        (heading,) = page.all(f"//h2[@id='{release.day.isoformat()}']")
        assert release.title in heading.text_content()
        assert all(change in page.main for change in release.changes)


def test_the_newest_stands_first_and_the_first_last():
    days = [release.day for release in RELEASES]

    assert days == sorted(set(days), reverse=True)
    assert days[-1] == date(2026, 11, 25)
