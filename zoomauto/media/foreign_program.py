"""Running a program of somebody else to its end, as a child that cannot outlive us."""

import os
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import IO

from zoomauto.media.own_child import Child, end, own_child

#: Of what a program prints, so much is kept; the rest is read and forgotten.
_MOST_OUTPUT = 64 * 2**20
_MOST_LINES = 200
_LONGEST_LINE = 64 * 2**10
_CHUNK = 64 * 2**10


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """How a program ended."""

    #: Exit code; the negative number of the signal that ended it.
    code: int
    #: What it printed on standard output.
    output: str
    #: The last lines from standard error, without empty ones.
    said: tuple[str, ...]
    was_overdue: bool

    @property
    def last_words(self) -> str:
        """The last line from standard error, for messages."""
        return self.said[-1][-500:] if self.said else "it said nothing"


def run_program(
    command: Sequence[str],
    *,
    timeout: timedelta,
    hear: Callable[[str], None] = lambda _line: None,
    environment: Mapping[str, str] | None = None,
) -> Ran:
    """Run ``command``, without a shell and with nothing on standard input.

    ``hear`` is told each line from standard error; ``environment`` is laid over ours.
    Raise OSError when it cannot be started.
    """
    with own_child(command, environment={**os.environ, **(environment or {})}) as child:
        overdue = threading.Event()
        timer = threading.Timer(timeout.total_seconds(), _strike, (child, overdue))
        timer.daemon = True
        timer.start()
        output: list[bytes] = []
        reader = threading.Thread(target=_read, args=(child.stdout, output), daemon=True)
        reader.start()
        try:
            said = _listen(child.stderr, hear)
            code = child.wait()
        finally:
            timer.cancel()
            if child.poll() is None:
                end(child)
            reader.join()
    return Ran(
        code=code,
        output=b"".join(output).decode("utf-8", "replace"),
        said=said,
        was_overdue=overdue.is_set(),
    )


def _strike(child: Child, overdue: threading.Event) -> None:
    overdue.set()
    end(child)


def _read(pipe: IO[bytes] | None, output: list[bytes]) -> None:
    kept = 0
    while chunk := pipe.read(_CHUNK) if pipe else b"":
        kept += len(chunk)
        if kept <= _MOST_OUTPUT:
            output.append(chunk)


def _listen(pipe: IO[bytes] | None, hear: Callable[[str], None]) -> tuple[str, ...]:
    lines: deque[str] = deque(maxlen=_MOST_LINES)
    while line := pipe.readline(_LONGEST_LINE) if pipe else b"":
        text = line.decode("utf-8", "replace").rstrip()
        hear(text)
        if text:
            lines.append(text)
    return tuple(lines)
