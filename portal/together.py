"""Questions of many threads, asked in one go: whoever comes while an answer is awaited waits, and is then asked for
together with all who came meanwhile. Nobody is told what was read before they came."""

from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from portal.errors import DatabaseUnavailable
from portal.lookup import Row


class _Waiting:
    """One thread's question, and what came of it: that nothing came is never the answer that there is no row."""

    __slots__ = ("error", "is_answered", "leads", "question", "row", "told")

    def __init__(self, question: str) -> None:
        self.question = question
        self.row: Row | None = None
        self.is_answered = False
        self.error: BaseException | None = None
        self.leads = False
        self.told = Lock()
        self.told.acquire()


class Together:
    """Hands the questions of all threads on to `ask`, which runs in one thread at a time.

    `ask` is given what to ask for, each perhaps more than once, and returns the row of each that there is. Not for a
    thread that signals interrupt, a process's main one: ended while it waits, it could not ask for those behind it.
    """

    def __init__(self, ask: Callable[[Sequence[str]], Mapping[str, Row]]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._is_asking = False
        self._waiting: list[_Waiting] = []

    def find(self, question: str) -> Row | None:
        """The row, or None where there is none. Raises what `ask` raises in this thread, and `DatabaseUnavailable` when
        it raised in the one that asked for all."""
        own = _Waiting(question)
        with self._lock:
            if self._is_asking:
                self._waiting.append(own)
            else:
                self._is_asking = own.leads = True
        if not own.leads:
            own.told.acquire()
        if own.leads:
            self._lead(own)
        if not own.is_answered:
            raise DatabaseUnavailable from own.error
        return own.row

    def _lead(self, own: _Waiting) -> None:
        with self._lock:
            asked, self._waiting = [own, *self._waiting], []
        try:
            rows = self._ask([waiting.question for waiting in asked])
            for waiting in asked:
                waiting.row, waiting.is_answered = rows.get(waiting.question), True
        except Exception as error:
            for waiting in asked:
                waiting.error = error.__cause__ or error
            raise
        finally:
            # Nobody may be left waiting, whatever ended this thread.
            self._hand_on(asked)

    def _hand_on(self, asked: list[_Waiting]) -> None:
        with self._lock:
            if not asked[0].is_answered:
                # They waited for the same server; one after the other would wait for it once more.
                for waiting in self._waiting:
                    waiting.error = asked[0].error
                asked, self._waiting = asked + self._waiting, []
            following = self._waiting.pop(0) if self._waiting else None
            self._is_asking = following is not None
        for waiting in asked:
            waiting.told.release()
        if following is not None:
            following.leads = True
            following.told.release()
