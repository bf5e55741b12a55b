"""Every page in every state is HTML that the W3C's checker has nothing against."""

import shutil
import subprocess
from pathlib import Path

import orjson

from portal.app import ROOT

JAR = ROOT / "scripts/html-checker/node_modules/vnu-jar/build/dist/vnu.jar"
# Shows that the checker looks at all.
BAD = "<!doctype html><html lang=en><title>x</title><p><b>never closed</p>"


def check(folder: Path) -> list[tuple[str, str]]:
    """What there is to say against the files of a folder: file without its ending, and what is wrong where."""
    assert shutil.which("java") and JAR.exists(), "The HTML checker is missing. Run scripts/find-html-checker"
    # The Java machine starts slowly, so it starts once for all of them.
    command = ["java", "-Xss4m", "-XX:TieredStopAtLevel=1", "-jar", JAR, "--format", "json", folder]
    ended = subprocess.run(command, capture_output=True, check=False)
    messages = orjson.loads(ended.stderr)["messages"]
    return [(Path(one["url"]).stem, f"line {one.get('lastLine')}: {one['message']}") for one in messages]


def test_the_html_checker_finds_no_error_and_nothing_to_warn_of(states, tmp_path):
    pages = [(name, page.response.data) for part in states.values() for name, page in part.items()]
    for number, (_, html) in enumerate(pages):
        (tmp_path / f"{number}.html").write_bytes(html)
    (tmp_path / "bad.html").write_text(BAD)

    found = check(tmp_path)

    assert [f"{pages[int(file)][0]}, {what}" for file, what in found if file != "bad"] == []
    assert "bad" in {file for file, _ in found}
