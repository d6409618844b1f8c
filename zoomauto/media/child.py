"""Running a program that reports progress, as a child that cannot outlive us."""

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import IO

from zoomauto.media.own_child import Child, end, own_child

#: A child that prints more than this on standard error is stopped; nobody would read it.
_MOST_TEXT = 16 * 2**20
_LONGEST_LINE = 64 * 2**10


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """What an ended child left behind."""

    #: All lines from standard error, in order.
    lines: tuple[str, ...]
    #: The position its progress came to; None when it told none.
    length: timedelta | None
    #: Exit code; the negative number of the signal that ended it.
    code: int
    was_overdue: bool
    was_too_talkative: bool


def run_child(
    command: Sequence[str],
    *,
    timeout: timedelta,
    advance: Callable[[float], None],
    niceness: int = 0,
) -> Ended:
    """Run ``command`` to its end; tell ``advance`` each time how many seconds more are done.

    Standard output carries ffmpeg's ``-progress`` lines. No shell, nothing on standard input.
    ``niceness`` is added to ours. Raise OSError when it cannot be started.
    """
    with own_child(command, environment=_environment(), niceness=niceness) as child:
        listener = _Listener(child)
        overdue = _Overdue(child, timeout)
        try:
            length = _follow(child.stdout, advance)
            code = child.wait()
        finally:
            overdue.call_off()
            listener.close()
    return Ended(
        lines=tuple(listener.lines),
        length=length,
        code=code,
        was_overdue=overdue.has_struck,
        was_too_talkative=listener.gave_up,
    )


def _environment() -> dict[str, str]:
    """Give our environment without what would change ffmpeg's messages."""
    kept = {k: v for k, v in os.environ.items() if k not in {"FFREPORT", "AV_LOG_FORCE_COLOR"}}
    return {**kept, "LC_ALL": "C", "AV_LOG_FORCE_NOCOLOR": "1"}


class _Listener:
    """Collects standard error while progress is read elsewhere."""

    def __init__(self, child: Child) -> None:
        self.lines: list[str] = []
        self.gave_up = False
        self._child = child
        self._thread = threading.Thread(target=self._listen, name="child-stderr", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait for the last line. Only an ended child closes its end."""
        if self._child.poll() is None:
            end(self._child)
        self._thread.join()

    def _listen(self) -> None:
        heard = 0
        while line := _line(self._child.stderr):
            heard += len(line)
            if heard > _MOST_TEXT:
                self.gave_up = True
                end(self._child)
                return
            self.lines.append(line.rstrip("\r\n"))


class _Overdue:
    """Ends a child that takes too long."""

    def __init__(self, child: Child, timeout: timedelta) -> None:
        self.has_struck = False
        self._child = child
        self._timer = threading.Timer(timeout.total_seconds(), self._strike)
        self._timer.daemon = True
        self._timer.start()

    def call_off(self) -> None:
        self._timer.cancel()

    def _strike(self) -> None:
        self.has_struck = True
        end(self._child)


def _follow(pipe: IO[bytes] | None, advance: Callable[[float], None]) -> timedelta | None:
    """Read progress to its end; give the position it came to."""
    position: timedelta | None = None
    while line := _line(pipe):
        key, _, value = line.strip().partition("=")
        if key != "out_time_us" or not value.lstrip("-").isdigit():
            continue
        before = position or timedelta()
        position = max(timedelta(microseconds=int(value)), before)
        advance((position - before).total_seconds())
    return position


def _line(pipe: IO[bytes] | None) -> str:
    """Give the next line with its end; nothing at the end of the pipe."""
    return pipe.readline(_LONGEST_LINE).decode("utf-8", "replace") if pipe else ""
