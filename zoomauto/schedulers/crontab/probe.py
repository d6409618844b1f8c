"""One real start through cron, to see that it happens and what it finds."""

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Self

from zoomauto.ports.clock import Clock
from zoomauto.ports.scheduler import Probe

_POLL = timedelta(milliseconds=250)
_PREFIX = "probe-"
_SCRIPT = """\
#!/bin/sh
cd {folder} || exit 0
mkdir started 2>/dev/null || exit 0
{{ date -u +%s; env -0; }} > environment.new && mv environment.new environment
{command} > output 2>&1
echo $? > code.new && mv code.new code
"""


class ProbeFolder:
    """A folder with a script for cron to start, and what the script leaves there."""

    def __init__(self, parent: Path, command: Sequence[str]) -> None:
        self._folder = Path(mkdtemp(prefix=_PREFIX, dir=parent))
        #: What the entry calls.
        self.script = self._folder / "start"
        text = _SCRIPT.format(folder=shlex.quote(str(self._folder)), command=shlex.join(command))
        self.script.write_text(text, errors="surrogateescape")
        self.script.chmod(0o700)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def wait(self, clock: Clock, until: datetime) -> None:
        """Return when the command has ended, and at ``until`` at the latest."""
        while clock.now() < until and not (self._folder / "code").exists():
            clock.sleep(min(_POLL, until - clock.now()))

    def result(self) -> Probe:
        """Tell what happened so far."""
        file = self._folder / "environment"
        if not file.exists():
            return Probe(fired=False, at=None, environment={}, detail="cron started nothing")
        at, environment = _parse(file.read_bytes())
        code = self._code()
        detail = self._detail(code)
        return Probe(fired=True, at=at, environment=environment, detail=detail, exit_code=code)

    def _code(self) -> int | None:
        file = self._folder / "code"
        return int(file.read_text()) if file.exists() else None

    def _detail(self, code: int | None) -> str:
        if code is None:
            return "the command was started and has not ended in time"
        output = (self._folder / "output").read_text(errors="replace").strip()
        return f"the command ended with {code}" + (f": {output}" if output else "")


def remove_leftover(entry: bytes, parent: Path) -> None:
    """Delete the folder of a killed probe, to be found in the entry that it left."""
    script = Path(os.fsdecode(entry.rsplit(maxsplit=1)[-1])) if entry.split() else parent
    if script.parent.parent == parent and script.parent.name.startswith(_PREFIX):
        shutil.rmtree(script.parent, ignore_errors=True)


def _parse(text: bytes) -> tuple[datetime, Mapping[str, str]]:
    at, _, rest = text.partition(b"\n")
    pairs = (item.partition("=") for item in rest.decode(errors="replace").split("\0") if item)
    return datetime.fromtimestamp(int(at), UTC), {name: value for name, _, value in pairs}
