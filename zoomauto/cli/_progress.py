"""How long work shows itself: bars on a terminal, lines elsewhere, nothing when silent.

Everything here goes to standard error, or to the log file. Rich draws the bars and is imported
only for them: it costs 100 ms, which a scheduled start does not have.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from zoomauto.cli._call import Call
from zoomauto.cli._render import harmless
from zoomauto.logs import log_to_file, log_to_stderr
from zoomauto.ports.progress import Progress, Step

if TYPE_CHECKING:
    from rich.progress import Progress as Drawing
    from rich.progress import TaskID

#: Steps shorter than this are not worth a line.
_SHORT_SECONDS = 5
#: Between two lines about one step.
_PAUSE_SECONDS = 30

logger = logging.getLogger(__name__)


@contextmanager
def told(call: Call, *, is_silent: bool, log_file: Path | None) -> Iterator[Progress]:
    """Give the progress that fits where we run, and send log records where they belong.

    With ``log_file`` everything goes there, the error that ended the command too.
    """
    try:
        if log_file is not None:
            log_to_file(log_file)
            yield Silence()
        elif is_silent:
            _keep_quiet(call)
            yield Silence()
        elif sys.stderr.isatty():
            with _bars(call) as bars:
                yield bars
        else:
            log_to_stderr(verbose=call.is_verbose)
            yield Lines()
    except (Exception, KeyboardInterrupt):
        if log_file is not None:
            logger.exception("the command failed")
        raise
    finally:
        if log_file is not None:
            _close_logs()


@contextmanager
def waiting(label: str) -> Iterator[None]:
    """Show on a terminal what is waited for, and how long so far; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress as Drawing
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Drawing(*columns, console=Console(stderr=True), transient=True) as drawing:
        drawing.add_task(harmless(label), total=None)
        yield


class Silence:
    """Says nothing."""

    @contextmanager
    def step(self, label: str, *, total: float | None = None, unit: str = "") -> Iterator[Step]:
        """Open a step that nobody sees."""
        yield self

    def advance(self, amount: float) -> None:
        """Hear how far it came."""

    def note(self, text: str) -> None:
        """Hear a note."""


class Lines:
    """Says a line when something takes long: for pipes, logs and other programs."""

    @contextmanager
    def step(self, label: str, *, total: float | None = None, unit: str = "") -> Iterator[Step]:
        """Open a step; its end is told when it took long."""
        step = _LineStep(label=harmless(label), total=total, began=monotonic(), told=monotonic())
        yield step
        elapsed = monotonic() - step.began
        if elapsed >= _SHORT_SECONDS:
            _say(f"{step.label}: done after {elapsed:.0f} s")

    def note(self, text: str) -> None:
        """Say it."""
        _say(harmless(text))


@dataclass(kw_only=True)
class _LineStep:
    label: str
    total: float | None
    began: float
    told: float
    done: float = 0.0

    def advance(self, amount: float) -> None:
        self.done += amount
        if self.total and monotonic() - self.told >= _PAUSE_SECONDS:
            self.told = monotonic()
            _say(f"{self.label}: {self.done / self.total:.0%}")


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Draws a bar for each open step, and notes above them."""

    drawing: "Drawing"

    @contextmanager
    def step(self, label: str, *, total: float | None = None, unit: str = "") -> Iterator[Step]:
        """Open a step; its bar goes when it ends."""
        task = self.drawing.add_task(harmless(label), total=total)
        try:
            yield _BarStep(drawing=self.drawing, task=task)
        finally:
            self.drawing.remove_task(task)

    def note(self, text: str) -> None:
        """Leave a line above the bars."""
        self.drawing.console.print(harmless(text), markup=False, highlight=False)


@dataclass(frozen=True, kw_only=True)
class _BarStep:
    drawing: "Drawing"
    task: "TaskID"

    def advance(self, amount: float) -> None:
        self.drawing.advance(self.task, amount)


@contextmanager
def _bars(call: Call) -> Iterator[Bars]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Drawing

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Drawing(*columns, console=Console(stderr=True), transient=True) as drawing:
        # Only now: while it draws, Rich keeps what is written to stderr above the bars.
        log_to_stderr(verbose=call.is_verbose)
        yield Bars(drawing=drawing)


def _keep_quiet(call: Call) -> None:
    """Leave failures to the answer that tells them all at the end."""
    if not call.is_verbose:
        logging.getLogger("zoomauto").setLevel(logging.ERROR)


def _close_logs() -> None:
    root = logging.getLogger("zoomauto")
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
