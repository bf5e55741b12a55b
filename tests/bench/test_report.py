"""What a run says at its end: which gate was missed, and the same again from the file it kept."""

from dataclasses import replace
from threading import Event

from bench import outcome, report
from bench.mixed_load import Asker
from bench.outcome import RATIO, Outcome, Results
from bench.picture import draw
from bench.soak import ends, is_slower, judge

MACHINE = {"commit": "0a1b2c3", "processor": "some", "cores": 2, "python": "3.11.9"}
ABOUT = {"at": "2026-11-25 10:00 UTC", "rounds": 3, "seconds": 2, "machine": MACHINE, "warnings": []}
FAST = Outcome("fast", "fast to bare", RATIO, (0.8, 0.7, 0.9), 0.75, 0.55)
SLOW = Outcome("slow", "slow to bare", RATIO, (0.4, 0.5, 0.6), 0.75, 0.55, "noted")
CONTESTANT = {"what": "bare", "per_second": FAST.spread.as_dict(), "p50_us": 200.0, "p99_us": 900.0}
RESULTS = Results(ABOUT, [FAST, SLOW], {"bare": CONTESTANT}, {"sqlite": {"sha256": 0.8}})


def test_a_missed_gate_is_named():
    assert [line.name for line in RESULTS.missed] == ["slow"]
    assert "Missed: slow\n" in report.terminal(RESULTS)


def test_a_run_without_a_miss_says_so():
    assert "Every gate was held." in report.terminal(replace(RESULTS, outcomes=[FAST]))


def test_a_line_that_could_not_be_measured_is_named_with_its_reason():
    said = report.terminal(replace(RESULTS, outcomes=[FAST], unmeasured={"peer": "node is missing"}))

    assert "Not measured: peer: node is missing" in said
    assert "Every gate was held." not in said


def test_what_was_kept_is_read_again(tmp_path):
    RESULTS.write(tmp_path / "bench.json")

    assert outcome.read(tmp_path / "bench.json") == RESULTS


def test_the_tables_show_every_line():
    said = report.markdown(RESULTS)

    assert "| `fast` | fast to bare | **0.80x** | 0.70x to 0.90x |" in said
    assert "| `slow` | slow to bare (noted) |" in said
    assert "| sha256 | 0.8 |" in said


def test_the_picture_names_every_line_and_contestant():
    picture = draw(RESULTS)

    assert all(f">{name}</text>" in picture for name in ("fast", "slow", "bare"))


def test_a_soak_compares_the_ends_of_what_was_sampled_once_warm():
    assert ends([90.0, 90.0, *range(8)]) == (0.5, 6.5)


def test_a_soak_takes_a_few_milliseconds_for_noise():
    assert not is_slower(2.0, 6.0)
    assert not is_slower(40.0, 50.0)
    assert is_slower(10.0, 20.0)


def test_a_soak_names_what_grew_and_what_became_slow(capsys):
    checks = Asker("verify", lambda: None, Event(), p50_ms=[1.0] * 20, p99_ms=[*[5.0] * 10, *[50.0] * 10])

    assert judge([checks], {"web": [80.0] * 20, "gateway": [*[60.0] * 10, *[70.0] * 10]}) == 1
    said = capsys.readouterr().out
    assert "memory of gateway grew by 10.0 MB" in said
    assert "the slowest hundredth of verify went from 5.0 to 50.0 ms" in said
    assert "memory of web grew" not in said


def test_a_soak_in_which_all_was_flat_says_so(capsys):
    checks = Asker("verify", lambda: None, Event(), p50_ms=[1.0] * 20, p99_ms=[5.0] * 20)

    assert judge([checks], {"web": [80.0] * 20}) == 0
    assert "stayed flat" in capsys.readouterr().out
