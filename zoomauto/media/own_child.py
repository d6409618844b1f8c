"""What every child of ours has in common: neither it nor its own children can outlive us."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

_PR_SET_PDEATHSIG = 1
#: Reads the number of a group of processes, and ends the group when the pipe ends.
_WATCH = 'read -r group && { read -r _; kill -s KILL -- "-$group"; }'

Child = subprocess.Popen[bytes]


@contextmanager
def own_child(
    command: Sequence[str], *, environment: Mapping[str, str], niceness: int = 0
) -> Iterator[Child]:
    """Start a child; however this ends, by Ctrl-C too, the child has ended before.

    Its own session keeps a Ctrl-C in the terminal for us alone, so that it is we who end it.
    No shell, nothing on standard input. Raise OSError when it cannot be started.
    """
    with _watch() as pipe:
        child = subprocess.Popen(  # noqa: S603 - no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
            # Safe with threads: all it does in the child is system calls, looked up before.
            preexec_fn=_prepared(os.getpid(), niceness, pipe),  # noqa: PLW1509
        )
        try:
            yield child
        finally:
            if child.poll() is None:
                end(child)
            child.wait()
            for stream in (child.stdout, child.stderr):
                if stream:
                    stream.close()


def end(child: Child) -> None:
    """End a child and its own children: it may be a script that starts others."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


@contextmanager
def _watch() -> Iterator[int]:
    """Have somebody end the child's own children when we cannot: after a ``kill -9``.

    Linux ends only the child itself. A shell at the other end of a pipe that we alone hold sees
    it close, and ends all that are left in the child's group. Who leaves the group, as a daemon
    does, stays. Give the pipe, which the child writes the group's number into.
    """
    watch = subprocess.Popen(  # noqa: S603 - our own words
        ["/bin/sh", "-c", _WATCH],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with watch:
        yield watch.stdin.fileno() if watch.stdin else -1
        # Without an error nothing is left to be ended. An interruption may come before we know
        # that there is a child: then the pipe is closed, which is what it waits for.
        watch.kill()


def _prepared(parent: int, niceness: int, pipe: int) -> Callable[[], None]:
    """Make what runs in the child before the program.

    Linux ends the child when its parent is gone: a killed zoomauto (``kill -9``) cannot do so
    itself, and an ffmpeg that goes on would write into a file that the next run has taken over.
    See prctl(2), PR_SET_PDEATHSIG; the parent it means is the thread that starts the child, and
    that one waits for its end.
    """
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
    getppid, getpid, nice, write = os.getppid, os.getpid, os.nice, os.write

    def prepare() -> None:
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
            if getppid() != parent:
                os._exit(1)
        nice(niceness)
        write(pipe, b"%d\n" % getpid())

    return prepare
