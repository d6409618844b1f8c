"""Types commands of the program one after the other, in a process that starts only once.

To start the program takes longer than most commands do. Each command is the real one, with its own
arguments, output and exit code; what a process keeps in mind, it keeps for the next.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from zoomauto.errors import TemporaryError

#: Reads commands, a JSON list a line; answers each with a line of JSON. Files stand in for a
#: terminal: they are seen by whatever a command starts, too.
_PROGRAM = """\
import json, os, sys, tempfile
from zoomauto.cli import main

answers = os.fdopen(os.dup(1), "w", encoding="utf-8")

def typed(words):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        try:
            main(words)
        except SystemExit as ended:
            code = ended.code
        sys.stdout.flush()
        sys.stderr.flush()
        out.seek(0)
        err.seek(0)
        return {"code": code, "out": out.read().decode(), "err": err.read().decode()}

try:
    for line in sys.stdin:
        print(json.dumps(typed(json.loads(line))), file=answers, flush=True)
except KeyboardInterrupt:
    pass  # whoever types is interrupted, too
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Typist:
    """Types into one process."""

    process: "subprocess.Popen[str]"

    def __call__(self, *words: str) -> Ended:
        """Type one command, and wait for its end. Raise TemporaryError when the process is gone."""
        with suppress(BrokenPipeError):
            print(json.dumps(words), file=self.process.stdin, flush=True)
        said = next(self.process.stdout or iter(()), "")
        if not said:
            raise TemporaryError(f"the program ended by itself: exit code {self.process.wait()}")
        return Ended(**json.loads(said))


@contextmanager
def open_typist(environment: Mapping[str, str], *, folder: Path | None = None) -> Iterator[Typist]:
    """Start the process in ``folder`` (default: where we are); it ends with the block."""
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", _PROGRAM],
        cwd=folder,
        env={**environment, "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        yield Typist(process=process)
