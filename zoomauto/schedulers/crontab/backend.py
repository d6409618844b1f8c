"""The scheduler backend that lives in the user's crontab."""

import difflib
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkstemp
from typing import ClassVar

from tzlocal import get_localzone_name

from zoomauto.domain.entry import InstalledPiece, Piece, Wanted
from zoomauto.domain.instant import as_utc
from zoomauto.domain.occurrence import next_occurrence
from zoomauto.domain.schedule import CronSchedule
from zoomauto.errors import InvalidSchedule, NotFound, ZoomautoError
from zoomauto.ports.clock import Clock
from zoomauto.ports.scheduler import Availability, Probe
from zoomauto.schedulers.crontab.daemon import running_daemon, starting_hint
from zoomauto.schedulers.crontab.probe import ProbeFolder, remove_leftover
from zoomauto.schedulers.crontab.program import CrontabProgram
from zoomauto.schedulers.crontab.render import (
    WRAPPER,
    entry_times,
    parse_pieces,
    parse_wrapper,
    plain_word,
    render_pieces,
)
from zoomauto.schedulers.crontab.section import Mark, find_section, with_section
from zoomauto.schedulers.crontab.surgery import CrontabSurgery


class CrontabScheduler:
    """Entries in a managed section of the user's crontab, for the cron of Debian and its kin."""

    name: ClassVar[str] = "crontab"

    def __init__(
        self,
        *,
        owner: str,
        installation: str,
        state_folder: Path,
        clock: Clock,
        host_timezone: str | None = None,
        program: CrontabProgram | None = None,
    ) -> None:
        self._mark = Mark(owner=owner, installation=installation)
        self._probe_mark = Mark(owner=owner, installation=installation, purpose="probe")
        self._folder = state_folder
        self._clock = clock
        self._host_timezone = host_timezone
        self._program = program or CrontabProgram()
        self._surgery = CrontabSurgery(program=self._program, folder=state_folder, clock=clock)
        digest = hashlib.sha256(owner.encode("utf-8", "surrogateescape")).hexdigest()[:8]
        self._wrapper = state_folder / "bin" / f"zoomauto-{installation}-{digest}"

    def availability(self) -> Availability:
        """Say whether the crontab can be read and a cron daemon runs."""
        try:
            self._program.read()
        except ZoomautoError as error:
            return Availability(usable=False, reason=error.message, hint=error.hint)
        daemon = running_daemon()
        if daemon is None:
            return Availability(
                usable=False, reason="no cron daemon is running", hint=starting_hint()
            )
        return Availability(usable=True, reason=f"{daemon} is running")

    def render(self, wanted: Wanted) -> tuple[Piece, ...]:
        """Make the lines of each job, those of the safety net and, where needed, a wrapper."""
        return render_pieces(wanted, self._wrapper)

    def installed(self) -> tuple[InstalledPiece, ...]:
        """Read our section and our wrapper back.

        Raise ConfigurationError when the crontab cannot be read, or its markers are not in order.
        """
        section = find_section(self._program.read() or b"", self._mark)
        body = section.body if section else b""
        entries = parse_pieces(body.decode("utf-8", "surrogateescape"))
        script = self._installed_wrapper()
        return entries if script is None else (*entries, parse_wrapper(_decoded(script)))

    def install(self, pieces: Sequence[Piece]) -> None:
        """Make the section hold exactly these pieces; the rest stays byte for byte.

        Raise TemporaryError or ConfigurationError with everything as it was.
        """
        scripts = [piece.text for piece in pieces if piece.name == WRAPPER]
        texts = [piece.text for piece in pieces if piece.name != WRAPPER]
        body = _encoded("".join(texts)) if texts else None
        with self._wrapper_replaced(_encoded(scripts[0]) if scripts else None):
            self._surgery.change(lambda old: with_section(old, self._mark, body))

    def uninstall(self) -> tuple[str, ...]:
        """Take our section, a probe's leftover and the wrapper away; say what was taken.

        A crontab that was not there before us goes too. Backups stay.
        """
        taken = [f"{item.piece.name} in the crontab" for item in self._installed_entries()]
        if self._installed_wrapper() is not None:
            taken.append(str(self._wrapper))
        leftover = find_section(self._program.read() or b"", self._probe_mark)
        with self._wrapper_replaced(None):
            self._surgery.change(self._without_ours)
        if leftover is not None:
            remove_leftover(leftover.body, self._folder)
        return tuple(taken)

    def next_starts(self) -> Mapping[str, datetime]:
        """Give each job's next start as its installed lines say it, in UTC, by slug.

        crontab has no word of its own on this: the lines are matched on the host's wall clock.
        """
        starts: dict[str, datetime] = {}
        for item in self._installed_entries():
            coming = [at for fields in entry_times(item.piece) if (at := self._next(fields))]
            if item.piece.job is not None and coming:
                starts[item.piece.job] = min(coming)
        return starts

    def probe(self, command: Sequence[str], *, within: timedelta) -> Probe:
        """Have cron start ``command`` once, from a section of its own that goes again.

        Takes up to a minute and a little, ``within`` at the most. Its ``detail`` tells exit code
        and output of the command.
        """
        until = self._clock.now() + within
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ProbeFolder(self._folder, command) as folder:
            line = f"* * * * * {plain_word(str(folder.script))}\n".encode()
            try:
                self._surgery.change(lambda old: with_section(old, self._probe_mark, line))
                folder.wait(self._clock, until)
            finally:
                self._surgery.change(lambda old: with_section(old, self._probe_mark, None))
            return folder.result()

    def backups(self) -> tuple[Path, ...]:
        """Give the kept copies of the crontab as it was before each change, the newest first."""
        return self._surgery.backups()

    def restore(self, backup: Path | None = None, *, dry_run: bool = False) -> tuple[str, ...]:
        """Put a backup back, the newest when none is named; give the change as a unified diff.

        Everything in the crontab becomes what it was then, other people's lines included; what it
        is now is backed up first. Raise NotFound without a backup.
        """
        chosen = backup or next(iter(self.backups()), None)
        if chosen is None:
            raise NotFound("there is no backup of the crontab: nothing was ever changed in it")
        kept = self._surgery.kept(chosen)
        if dry_run:
            return _difference(self._program.read(), kept)
        return _difference(*self._surgery.change(lambda _: kept))

    def _installed_entries(self) -> tuple[InstalledPiece, ...]:
        return tuple(item for item in self.installed() if item.piece.name != WRAPPER)

    def _installed_wrapper(self) -> bytes | None:
        try:
            return self._wrapper.read_bytes()
        except FileNotFoundError:
            return None

    def _without_ours(self, old: bytes | None) -> bytes | None:
        return with_section(with_section(old, self._probe_mark, None), self._mark, None)

    def _next(self, fields: str) -> datetime | None:
        schedule = CronSchedule(expression=fields, timezone=self._zone())
        try:
            coming = next_occurrence(schedule, self._clock.now())
        except InvalidSchedule:  # a line that someone has edited
            return None
        return as_utc(coming) if coming else None

    def _zone(self) -> str:
        return self._host_timezone or get_localzone_name() or "UTC"

    @contextmanager
    def _wrapper_replaced(self, script: bytes | None) -> Iterator[None]:
        """Hold ``script`` as the wrapper; put the old one back when the crontab refuses."""
        old = self._installed_wrapper()
        if script is not None:
            self._write_wrapper(script)
        try:
            yield
        except BaseException:
            self._write_wrapper(old)
            raise
        self._write_wrapper(script)

    def _write_wrapper(self, script: bytes | None) -> None:
        folder = self._wrapper.parent
        if script == self._installed_wrapper():
            return
        if script is None:
            self._wrapper.unlink()
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file, name = mkstemp(prefix=".new-", dir=folder)
        with os.fdopen(file, "wb") as stream:
            stream.write(script)
            os.fchmod(stream.fileno(), 0o700)
            os.fsync(stream.fileno())
        Path(name).replace(self._wrapper)


def _difference(old: bytes | None, new: bytes | None) -> tuple[str, ...]:
    before, after = (_decoded(text or b"").split("\n") for text in (old, new))
    return tuple(difflib.unified_diff(before, after, "now", "backup", lineterm=""))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")
