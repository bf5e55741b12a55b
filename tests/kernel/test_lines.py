"""Lines of the logs, whose reader may be stuck (F46)."""

import os
import select
import threading
from pathlib import Path

import orjson
import pytest

from portal import lines as lines_module
from portal.lines import Lines

SIZE = 4000


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    yield reader, writer
    for one in (reader, writer):
        os.close(one)


def lines_in(reader):
    """All that waits in the pipe."""
    content = b""
    while select.select([reader], [], [], 0)[0]:
        content += os.read(reader, 65536)
    return [orjson.loads(line) for line in content.splitlines()]


def line(number, size=SIZE):
    return orjson.dumps({"event": number, "fill": "x" * size})


def test_f46_what_a_stuck_reader_has_no_room_for_is_dropped_and_counted(pipe):
    reader, writer = pipe
    lines = Lines(writer)
    for number in range(100):
        lines.write(line(number))

    kept = lines_in(reader)
    lines.write(line(100))
    told, last = lines_in(reader)

    assert [one["event"] for one in kept] == list(range(len(kept)))
    assert (told["event"], told["dropped"]) == ("log lines dropped", 100 - len(kept))
    assert last["event"] == 100


def test_a_line_that_is_longer_than_a_pipe_is_not_waited_for(pipe):
    reader, writer = pipe
    lines = Lines(writer)
    lines.write(line(1, size=1_000_000))
    torn = os.read(reader, 1_000_000)

    lines.write(line(2))
    end_of_torn, *whole = os.read(reader, 1_000_000).splitlines()

    assert torn.startswith(b'{"event":1,')
    assert end_of_torn == b""
    assert [orjson.loads(one)["event"] for one in whole] == ["log lines dropped", 2]


def test_f46_a_full_disk_costs_lines_and_nothing_else():
    with Path("/dev/full").open("wb", buffering=0) as full:
        Lines(full.fileno()).write(line(1))


def test_a_reader_that_went_away_costs_lines_and_nothing_else(pipe):
    reader, writer = pipe
    gone = os.dup(writer)
    Lines(gone).write(line(1))
    os.close(gone)
    Lines(gone).write(line(2))

    assert [one["event"] for one in lines_in(reader)] == [1]


def test_a_forked_process_does_not_wait_for_whoever_held_the_lock():
    with lines_module.STDOUT._lock:
        child = os.fork()
        if child == 0:
            # Another thread of the parent had it, as far as this one can tell.
            done = threading.Thread(target=lines_module.STDOUT.write, args=(b"{}",), daemon=True)
            done.start()
            done.join(5)
            os._exit(1 if done.is_alive() else 0)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_what_a_signal_logs_does_not_wait_for_the_line_it_interrupted(pipe):
    reader, writer = pipe
    lines = Lines(writer)
    with lines._lock:
        lines.write(line(1))

    assert [one["event"] for one in lines_in(reader)] == [1]
