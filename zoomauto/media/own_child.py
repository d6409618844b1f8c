"""What every child of ours has in common: it cannot outlive us, and is ended with its own."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

_PR_SET_PDEATHSIG = 1

Child = subprocess.Popen[bytes]


@contextmanager
def own_child(
    command: Sequence[str], *, environment: Mapping[str, str], niceness: int = 0
) -> Iterator[Child]:
    """Start a child; however this ends, by Ctrl-C too, the child has ended before.

    Its own session keeps a Ctrl-C in the terminal for us alone, so that it is we who end it.
    No shell, nothing on standard input. Raise OSError when it cannot be started.
    """
    child = subprocess.Popen(  # noqa: S603 - no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
        # Safe with threads: all it does in the child is three system calls, looked up before.
        preexec_fn=_prepared(os.getpid(), niceness),  # noqa: PLW1509
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            end(child)
        child.wait()
        for pipe in (child.stdout, child.stderr):
            if pipe:
                pipe.close()


def end(child: Child) -> None:
    """End a child and its own children: it may be a script that starts others."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _prepared(parent: int, niceness: int) -> Callable[[], None] | None:
    """Make what runs in the child before the program: Linux ends it when its parent is gone.

    A killed zoomauto (``kill -9``) cannot end its children itself, and an ffmpeg that goes on
    would write into a file that the next run has taken over. See prctl(2), PR_SET_PDEATHSIG;
    the parent it means is the thread that starts the child, and that one waits for its end.
    """
    if sys.platform != "linux":
        return None
    prctl, nice = ctypes.CDLL(None).prctl, os.nice

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        nice(niceness)

    return prepare
