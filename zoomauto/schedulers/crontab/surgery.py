"""Changing a crontab that others write too: lock, compare, back up, install, read back."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from zoomauto.errors import ConfigurationError, TemporaryError, ZoomautoError
from zoomauto.ports.clock import Clock
from zoomauto.schedulers.crontab.program import CrontabProgram

#: The limit of Debian's and cronie's crontab.
MOST_LINES = 10_000
_MOST_ATTEMPTS = 5
_MOST_BACKUPS = 10
#: Ends the name of a backup that stands for "there was no crontab".
_ABSENT = ".absent"

#: From what the crontab is to what it should be; None for no crontab.
Change = Callable[[bytes | None], bytes | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class CrontabSurgery:
    """One user's crontab, changed so that a failure leaves it as it was.

    Between the last comparison and the installation another program may still write: no crontab
    program has a lock. Those milliseconds cannot be closed from outside.
    """

    program: CrontabProgram
    #: Holds the lock and the backups.
    folder: Path
    clock: Clock

    def change(self, change: Change) -> tuple[bytes | None, bytes | None]:
        """Apply ``change`` to what the crontab is now; give the crontab before and after.

        When it was changed by others meanwhile, it is read and changed again. Nothing is written
        when nothing changes. Raise TemporaryError or ConfigurationError with the crontab as it
        was, or as others have left it.
        """
        with self._locked():
            for _ in range(_MOST_ATTEMPTS):
                old = self.program.read()
                new = change(old)
                if new == old:
                    return old, old
                _check_lines(new)
                if self._replace(old, new) and self._holds(change, old, new):
                    return old, new
        raise TemporaryError("the crontab is being changed by another program again and again")

    def backups(self) -> tuple[Path, ...]:
        """Give what was kept of earlier crontabs, the newest first."""
        return tuple(sorted(self._backup_folder.glob("crontab.*"), reverse=True))

    def kept(self, backup: Path) -> bytes | None:
        """Read a backup; None when it stands for no crontab."""
        try:
            return None if backup.name.endswith(_ABSENT) else backup.read_bytes()
        except OSError as error:
            raise ConfigurationError(
                f"the backup {backup} cannot be read: {error.strerror}"
            ) from error

    @property
    def _backup_folder(self) -> Path:
        return self.folder / "backups"

    def _replace(self, old: bytes | None, new: bytes | None) -> bool:
        """Install ``new`` unless the crontab is no longer ``old``; say whether it was."""
        with self._prepared(new) as install:
            backup = self._back_up(old)
            self._let_the_second_pass(backup)
            # Nothing may stand between the comparison and the installation.
            if self.program.read() != old:
                backup.unlink()
                return False
            try:
                install()
            except ZoomautoError:
                # What is neither the one nor the other was written by somebody else.
                if self.program.read() == new:
                    self._write(old)
                raise
        self._forget_old_backups()
        return True

    def _holds(self, change: Change, old: bytes | None, new: bytes | None) -> bool:
        """Whether the change is there, whatever others have written since around it."""
        now = self.program.read()
        try:
            return now == new or change(now) == now
        except ConfigurationError as error:
            self._write(old)
            raise TemporaryError(
                "the crontab program did not hold what was installed; the crontab is as it was"
                " before"
            ) from error

    def _write(self, text: bytes | None) -> None:
        with self._prepared(text) as install:
            install()

    @contextmanager
    def _prepared(self, text: bytes | None) -> Iterator[Callable[[], None]]:
        """Do all that can be done before ``text`` becomes the crontab; give what makes it so."""
        if text is None:
            yield self.program.remove
            return
        with self.program.prepared(text, self.folder) as file:
            yield partial(self.program.install, file)

    def _let_the_second_pass(self, backup: Path) -> None:
        # cron notices a change by whole seconds: of two within one, it may miss the second.
        before = next((old for old in self.backups() if old != backup), None)
        if before and int(before.stat().st_mtime) == int(self.clock.now().timestamp()):
            self.clock.sleep(timedelta(seconds=1))

    def _back_up(self, text: bytes | None) -> Path:
        self._backup_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stamp = self.clock.now().astimezone(UTC)
        while any(self._backup_folder.glob(f"{_backup_name(stamp)}*")):
            stamp += timedelta(microseconds=1)
        file = self._backup_folder / (_backup_name(stamp) + (_ABSENT if text is None else ""))
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(text or b"")
            stream.flush()
            os.fsync(stream.fileno())
        return file

    def _forget_old_backups(self) -> None:
        for old in self.backups()[_MOST_BACKUPS:]:
            old.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self.folder / "crontab.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)


def _backup_name(stamp: datetime) -> str:
    return f"crontab.{stamp:%Y%m%dT%H%M%S.%fZ}"


def _check_lines(text: bytes | None) -> None:
    count = (text or b"").count(b"\n")
    if count > MOST_LINES:
        raise ConfigurationError(
            f"the crontab would have {count} lines, and cron reads at most {MOST_LINES}."
            " Nothing was changed",
            hint="disable jobs, or zoomauto schedule apply --backend systemd",
        )
