"""Several pieces of work at once, in threads that all end when one thing ends them all."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from zoomauto.ports.clock import Clock
from zoomauto.ports.progress import Progress, Step

T = TypeVar("T")
R = TypeVar("R")

#: Seconds between two looks at whether everything must end.
_LOOK_UP = 1.0
#: What an interrupted process grants its threads; a network may keep one for longer.
_GRACE = timedelta(seconds=5)
_BREATH = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Stop:
    """Ends threads as Ctrl-C ends the main one: by KeyboardInterrupt, wherever they next ask."""

    _asked: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> None:
        """End whoever checks from now on."""
        self._asked.set()

    @property
    def is_asked(self) -> bool:
        """Whether everything is to end."""
        return self._asked.is_set()

    def check(self) -> None:
        """Raise KeyboardInterrupt once asked to: no adapter takes it for trouble of its own."""
        if self.is_asked:
            raise KeyboardInterrupt


@dataclass(frozen=True, kw_only=True)
class StoppableProgress:
    """Passes progress on, and ends whoever tells it once everything is to end.

    Long work tells its progress all the time, wherever it is done.
    """

    progress: Progress
    stop: Stop

    @contextmanager
    def _opened(self, step: AbstractContextManager[Step]) -> Iterator[Step]:
        self.stop.check()
        with step as opened:
            yield _StoppableStep(step=opened, stop=self.stop)

    def step(
        self, label: str, *, total: float | None = None, unit: str = ""
    ) -> AbstractContextManager[Step]:
        """Open a step of the progress behind this one."""
        return self._opened(self.progress.step(label, total=total, unit=unit))

    def note(self, text: str) -> None:
        """Pass a note on."""
        self.progress.note(text)


@dataclass(frozen=True, kw_only=True)
class _StoppableStep:
    step: Step
    stop: Stop

    def advance(self, amount: float) -> None:
        self.stop.check()
        self.step.advance(amount)


@dataclass(frozen=True, kw_only=True)
class StoppableClock:
    """Sleeps in small pieces, and ends the sleeper once everything is to end."""

    clock: Clock
    stop: Stop

    def now(self) -> datetime:
        """Give the instant that the clock behind this one shows."""
        return self.clock.now()

    def sleep(self, span: timedelta) -> None:
        """Wait, unless there is no more time to."""
        while span > timedelta():
            self.stop.check()
            self.clock.sleep(min(span, _BREATH))
            span -= _BREATH
        self.stop.check()


@dataclass(frozen=True, kw_only=True)
class SideBySide:
    """How many threads there are, and what ends them."""

    threads: int
    stop: Stop
    #: Looked at every second by the thread that waits; it ends everything by raising.
    check: Callable[[], None]
    #: Whether a KeyboardInterrupt ends the process too, and stuck threads with it.
    is_leaving: Callable[[], bool] = lambda: True

    def __call__(
        self, items: Sequence[T], work: Callable[[T], R], told: Callable[[int, R], None]
    ) -> None:
        """Do the work for each item, begun in order; tell the number and result of each done.

        Raise what ``check`` or the first failing work raises, once all threads have ended. With
        one thread or item all is done in the caller's own thread.
        """
        count = min(self.threads, len(items))
        if count <= 1:
            for number, item in enumerate(items):
                told(number, work(item))
            return
        crew = _Crew(stop=self.stop, items=items, work=work)
        threads = [crew.start() for _ in range(count)]
        try:
            for _ in items:
                told(*self._next(crew))
        except BaseException as error:
            self.stop.ask()
            leaves = isinstance(error, KeyboardInterrupt) and self.is_leaving()
            _join(threads, _GRACE if leaves else None)
            for number, result in crew.left():
                # What was done in the meantime counts.
                told(number, result)
            raise
        _join(threads, None)

    def _next(self, crew: "_Crew[T, R]") -> tuple[int, R]:
        while True:
            try:
                return crew.result(timeout=_LOOK_UP)
            except queue.Empty:
                self.check()


class _Crew(Generic[T, R]):
    """Threads that take one item after the other, in order, until there is none or one fails."""

    def __init__(self, *, stop: Stop, items: Sequence[T], work: Callable[[T], R]) -> None:
        self._stop = stop
        self._work = work
        self._turn = threading.Lock()
        self._waiting = iter(enumerate(items))
        #: None stands for a thread that failed.
        self._results: queue.SimpleQueue[tuple[int, R] | None] = queue.SimpleQueue()
        self._failed: BaseException | None = None

    def start(self) -> threading.Thread:
        """Start one more; the interpreter does not wait for it at its own end."""
        thread = threading.Thread(target=self._run, name="recording", daemon=True)
        thread.start()
        return thread

    def result(self, *, timeout: float) -> tuple[int, R]:
        """Give the next result with its number; raise Empty, or what ended a thread."""
        found = self._results.get(timeout=timeout)
        if found is None:
            raise self._failed or AssertionError("a thread says why it fails")
        return found

    def left(self) -> Iterator[tuple[int, R]]:
        """Give the results that nobody has asked for."""
        with suppress(queue.Empty):
            while True:
                found = self._results.get_nowait()
                if found is not None:
                    yield found

    def _run(self) -> None:
        try:
            while (taken := self._take()) is not None:
                number, item = taken
                self._results.put((number, self._work(item)))
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            with self._turn:
                self._failed = self._failed or error
            self._stop.ask()
            self._results.put(None)

    def _take(self) -> tuple[int, T] | None:
        with self._turn:
            return None if self._stop.is_asked else next(self._waiting, None)


def _join(threads: Sequence[threading.Thread], patience: timedelta | None) -> None:
    until = None if patience is None else time.monotonic() + patience.total_seconds()
    for thread in threads:
        thread.join(None if until is None else max(until - time.monotonic(), 0))
