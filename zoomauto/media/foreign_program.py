"""Running a program of somebody else to its end, as a child that cannot outlive us."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import IO

#: Of what a program prints, so much is kept; the rest is read and forgotten.
_MOST_OUTPUT = 64 * 2**20
_MOST_LINES = 200
_LONGEST_LINE = 64 * 2**10
_CHUNK = 64 * 2**10
_PR_SET_PDEATHSIG = 1


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
    with _child(command, environment or {}) as child:
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
                _end(child)
            reader.join()
    return Ran(
        code=code,
        output=b"".join(output).decode("utf-8", "replace"),
        said=said,
        was_overdue=overdue.is_set(),
    )


@contextmanager
def _child(
    command: Sequence[str], environment: Mapping[str, str]
) -> "Iterator[subprocess.Popen[bytes]]":
    """Start a child; however this ends, by Ctrl-C too, the child has ended before."""
    child = subprocess.Popen(  # noqa: S603 - no shell; what runs is what its owner configured
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        start_new_session=True,
        # Safe with threads: all it does in the child is two system calls, looked up before.
        preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            _end(child)
        child.wait()
        for pipe in (child.stdout, child.stderr):
            if pipe:
                pipe.close()


def _die_with(parent: int) -> Callable[[], None] | None:
    """Make what runs in the child before the program: Linux ends it when its parent is gone."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def die_with_parent() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return die_with_parent


def _strike(child: "subprocess.Popen[bytes]", overdue: threading.Event) -> None:
    overdue.set()
    _end(child)


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End a child and its own children: it may be a script that starts others."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


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
