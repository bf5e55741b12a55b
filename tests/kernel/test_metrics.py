"""Counting: exact, shared between processes, kept when one ends, and never without bound."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.errors import WrongSetting
from portal.metrics import CHECKS, RATE_LIMITED, REQUESTS, SECONDS, Counts, fresh_folder, note_end
from tests.full_disk import disk_of

GOOD = (CHECKS, "good")
VALUES = 2048 * 8
COUNT_AND_DIE = """
import os, signal, sys
from pathlib import Path
from portal.metrics import Counts
counts = Counts(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    counts.add(("portal_token_checks", "good"))
counts.add(("portal_token_checks", "token_unknown"))
print(os.getpid(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path):
    return fresh_folder(tmp_path, "127.0.0.1-8000")


@pytest.fixture
def other(folder):
    """Starts another process that has counted so much, and lives until it is killed."""
    processes = []

    def start(count):
        command = [sys.executable, "-c", COUNT_AND_DIE, str(folder), str(count)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        return int(process.stdout.readline()), process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("is_shared", [True, False])
def test_threads_lose_no_count(folder, is_shared):
    counts = Counts(folder if is_shared else None)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: [counts.add(GOOD) for _ in range(1000)], range(4)))

    assert counts.total() == ({GOOD: 4000}, 1)


def test_any_process_tells_the_sum_of_all_at_once(folder, other):
    counts = Counts(folder)
    counts.add(GOOD)
    other(5)

    assert counts.total() == ({GOOD: 6, (CHECKS, "token_unknown"): 1}, 2)


def test_what_a_killed_process_had_counted_stays(folder, other):
    counts = Counts(folder)
    for count in (5, 7):
        pid, process = other(count)
        os.kill(pid, signal.SIGKILL)
        process.wait()
        note_end(folder, pid)

    assert counts.total() == ({GOOD: 12, (CHECKS, "token_unknown"): 2}, 1)
    assert sorted(path.name for path in folder.iterdir()) == sorted([str(os.getpid()), "ended", "lock"])


def test_a_process_that_ended_before_it_counted_is_nothing(folder):
    note_end(folder, 10**7)

    assert Counts(folder).total() == ({}, 1)


def test_a_new_run_starts_at_nothing(folder, tmp_path):
    Counts(folder).add(GOOD)

    assert fresh_folder(tmp_path, folder.name) == folder
    assert Counts(folder).total() == ({}, 1)
    assert (folder.stat().st_mode & 0o777) == 0o700


def test_a_request_is_counted_with_its_time_and_a_limit_apart():
    counts = Counts()
    counts.request("/sign-in", 429, 0.025)
    counts.request("/sign-in", 200, 99.0)
    totals, _ = counts.total()

    assert (totals[REQUESTS, "/sign-in", "4xx"], totals[REQUESTS, "/sign-in", "2xx"]) == (1, 1)
    assert (totals[SECONDS, "0.025"], totals[SECONDS, "+Inf"], totals[RATE_LIMITED,]) == (1, 1, 1)


@pytest.mark.parametrize("is_shared", [True, False])
def test_there_are_never_more_than_so_many_numbers(folder, is_shared):
    counts = Counts(folder if is_shared else None)
    for number in range(3000):
        counts.add((CHECKS, str(number)))
    counts.add((CHECKS, "0"))
    totals, _ = counts.total()

    assert (len(totals), totals[CHECKS, "0"]) == (2047, 2)


def test_a_folder_that_cannot_be_made_anew_is_said_in_one_sentence(tmp_path):
    (tmp_path / "run").write_text("in the way")

    with pytest.raises(WrongSetting, match=r"^PORTAL_INSTANCE_DIR: the folder .* cannot be made anew"):
        fresh_folder(tmp_path, "127.0.0.1-8000")


class TestFullDisk:
    def test_f08_a_process_without_room_counts_for_itself_and_says_so_once(self, folder, caplog):
        with disk_of(folder, room=0):
            counts = Counts(folder)
            for _ in range(3):
                counts.add(GOOD)

            assert counts.total() == ({GOOD: 3}, 1)
            assert not (folder / str(os.getpid())).exists()
        assert [record.message for record in caplog.records] == ["this process counts for itself alone"]

    def test_f08_what_cannot_be_named_is_counted_without_a_name(self, folder):
        with disk_of(folder, room=VALUES):
            counts = Counts(folder)
            for _ in range(3):
                counts.add(GOOD)

            assert counts.total() == ({}, 1)

    def test_f08_a_name_that_is_cut_short_never_shifts_the_others(self, folder):
        with disk_of(folder, room=VALUES + 4096):
            counts = Counts(folder)
            counts.add(GOOD)
            counts.add((CHECKS, "x" * 4060))
            counts.add((CHECKS, "y" * 100), 5.0)
            counts.add((CHECKS, "z"), 7.0)
            counts.add(GOOD)

            assert counts.total() == ({GOOD: 2, (CHECKS, "y" * 100): 5, (CHECKS, "z"): 7}, 1)

    def test_f08_once_there_is_room_what_had_no_name_has_one(self, folder):
        counts = Counts(folder)
        counts.add(GOOD)
        with (folder / str(os.getpid())).open("ab") as cut_short:
            cut_short.write(b"portal_token_checks\ttoken_unkn")
        assert counts.total() == ({GOOD: 1}, 1)

        counts.add((CHECKS, "x"), 2.0)
        counts.add((CHECKS, "token_unknown"), 3.0)

        assert counts.total() == ({GOOD: 1, (CHECKS, "x"): 2, (CHECKS, "token_unknown"): 3}, 1)

    def test_f08_the_numbers_of_an_ended_process_are_told_though_they_cannot_be_moved(self, folder):
        with disk_of(folder, room=VALUES + 4096):
            counts = Counts(folder)
            counts.add(GOOD)
            note_end(folder, os.getpid())

            assert counts.total()[0] == {GOOD: 1}
            assert not (folder / "new").exists()
