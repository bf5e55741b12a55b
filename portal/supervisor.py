"""`portal run` with all its parts: each in a process of its own, and this one, which starts and watches them.

They are forked from here once everything is imported and checked, so that starting costs one import for all, and what
was imported is in memory once. One that dies is started again; told to stop, all of them are, and this process ends
when they have ended. Signals are handed on as they come, since Ctrl-C means less patience than SIGTERM.
"""

import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType

LOG = logging.getLogger(__name__)

# A part has this long to be ready, then the next one is started all the same.
READY_SECONDS = 10.0
# Longer than any part takes by itself; then it is killed.
STOP_SECONDS = 45.0
# A part that dies is started again after the first of these, twice that, and so on until the second.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
# One that ran for so long is given the first pause again.
STEADY_SECONDS = 60.0

_STOPPING = (signal.SIGTERM, signal.SIGINT)
_HEARD = (*_STOPPING, signal.SIGCHLD)
# What a part writes when it is ready; signals write their number.
_READY = b"\0"


@dataclass(frozen=True, slots=True)
class Start:
    """One start of a part: `is_first` tells whether it is not one after a death; `ready` lets the next part start."""

    is_first: bool
    parent: int
    ready: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Part:
    """One part and the socket that it serves. `serve` runs in the part's own process, and returns when it has ended."""

    name: str
    listener: socket.socket
    serve: Callable[[Start], None]


@dataclass(slots=True)
class _Running:
    part: Part
    pid: int | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    pause: float = FIRST_PAUSE
    starts: int = 0


class Supervisor:
    """The parts of one portal, in the order in which they are started."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._all = [_Running(part) for part in parts]
        self._starting: _Running | None = None
        self._told: list[int] = []
        self._kill_at: float | None = None
        self._woken, self._waker = os.pipe()
        for end in (self._woken, self._waker):
            os.set_blocking(end, False)

    def run(self) -> None:
        """Until all parts have ended after SIGTERM or Ctrl-C."""
        signal.set_wakeup_fd(self._waker)
        for number in _STOPPING:
            signal.signal(number, self._hear)
        # Only a signal with a handler wakes us.
        signal.signal(signal.SIGCHLD, _heard)
        while not self._is_over():
            self._start_due()
            self._wait()
            self._reap()
            self._hand_on()

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self._told.append(number)

    def _is_over(self) -> bool:
        return self._kill_at is not None and not any(one.pid for one in self._all)

    def _start_due(self) -> None:
        if self._kill_at is not None:
            return
        now = time.monotonic()
        for one in self._all:
            starting = self._starting
            if starting is not None and starting is not one and now < starting.started_at + READY_SECONDS:
                return
            if one.pid is None and one.due_at <= now:
                self._start(one, now)

    def _start(self, one: _Running, now: float) -> None:
        start = Start(is_first=one.starts == 0, parent=os.getpid(), ready=self._say_ready)
        # Until the new process hears for itself, no signal may reach what it has of us.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
        pid = os.fork()
        if pid == 0:
            self._become(one.part, start)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
        one.pid, one.started_at, one.starts = pid, now, one.starts + 1
        self._starting = one if start.is_first else self._starting

    def _become(self, part: Part, start: Start) -> None:
        """The life of a part's process, in which nothing of this one goes on."""
        code: object = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in _HEARD:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
            for other in self._all:
                if other.part is not part:
                    other.part.listener.close()
            part.serve(start)
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        except BaseException:
            LOG.exception("a part failed", extra={"part": part.name})
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code if isinstance(code, int) else 1)

    def _say_ready(self) -> None:
        with suppress(OSError):
            os.write(self._waker, _READY)

    def _wait(self) -> None:
        is_settled = all(one.pid for one in self._all) and self._kill_at is None
        select.select([self._woken], [], [], None if is_settled else 0.1)
        with suppress(BlockingIOError):
            if _READY in os.read(self._woken, 4096):
                self._starting = None

    def _reap(self) -> None:
        for one in self._all:
            if one.pid is None:
                continue
            pid, status = os.waitpid(one.pid, os.WNOHANG)
            if pid:
                self._note_end(one, os.waitstatus_to_exitcode(status))

    def _note_end(self, one: _Running, code: int) -> None:
        one.pid = None
        if self._kill_at is not None or self._told:
            return
        now = time.monotonic()
        if now - one.started_at > STEADY_SECONDS:
            one.pause = FIRST_PAUSE
        one.due_at, one.pause = now + one.pause, min(2 * one.pause, LONGEST_PAUSE)
        more = {"part": one.part.name, "exit_code": code, "seconds": round(one.due_at - now, 1)}
        LOG.error("a part ended, it is started again", extra=more)

    def _hand_on(self) -> None:
        """Tells the parts what we were told, and kills those that take too long over it."""
        told, self._told = self._told, []
        if told and self._kill_at is None:
            self._kill_at = time.monotonic() + STOP_SECONDS
            # Held by us, they would let people wait who are to be refused.
            for one in self._all:
                one.part.listener.close()
        if self._kill_at is not None and time.monotonic() > self._kill_at:
            told = [signal.SIGKILL]
        for number in told:
            for one in self._all:
                if one.pid is not None:
                    os.kill(one.pid, number)


def _heard(_number: int, _frame: FrameType | None) -> None:
    """What it is about is seen to when we wake."""
