"""All units of one owner and installation, changed together or not at all."""

import fcntl
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from zoomauto.domain.entry import InstalledPiece, Piece
from zoomauto.errors import ConfigurationError
from zoomauto.schedulers.systemd.check import (
    active_timers,
    check_calendars,
    check_held,
    check_places,
    check_units,
    waiting_timers,
)
from zoomauto.schedulers.systemd.program import SystemdPrograms
from zoomauto.schedulers.systemd.unit_folder import UnitFolder, stamp_folder
from zoomauto.schedulers.systemd.unit_name import UnitNames
from zoomauto.schedulers.systemd.unit_text import read_unit

_SUFFIXES = (".service", ".timer")


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitSet:
    """Reads and changes units. Services are never stopped: a run may be what calls this."""

    names: UnitNames
    folder: UnitFolder
    programs: SystemdPrograms
    #: Holds the lock, and what others had added to units that went.
    state_folder: Path

    def installed(self) -> tuple[InstalledPiece, ...]:
        """Read our units back.

        A drop-in, and a timer that is not enabled or was stopped, is somebody's edit.
        """
        ours = tuple(self._ours())
        off = self._switched_off({item.piece.name for item in ours})
        return tuple(
            InstalledPiece(
                piece=item.piece,
                is_edited=item.is_edited
                or self.folder.drop_ins(item.piece.name) is not None
                or item.piece.name in off,
            )
            for item in ours
        )

    def replace(self, pieces: Sequence[Piece]) -> None:
        """Hold exactly these units. Raise with everything as it was."""
        with self._locked():
            self.programs.control("show", "--property=Version")
            old = {item.piece.name: item.piece.text for item in self._ours()}
            before = self.folder.wanted_names(self.names.prefix)
            new = {piece.name: piece.text for piece in pieces}
            self._check(pieces, old)
            moved: list[tuple[Path, Path]] = []
            try:
                self._change(old, new, moved)
                enabled = self.folder.wanted_names(self.names.prefix)
                changed = [piece for piece in pieces if old.get(piece.name) != piece.text]
                check_held(self.programs, pieces, changed, self.folder.path, enabled)
            except BaseException:
                self._restore(old, new, moved, enabled=before)
                raise

    def remove(self) -> tuple[str, ...]:
        """Take every unit, link, stamp and addition away; say what was taken."""
        with self._locked():
            names = [item.piece.name for item in self._ours()]
            moved: list[tuple[Path, Path]] = []
            self._retire(names, moved)
            taken = [str(self.folder.file(name)) for name in names]
            taken += [f"{old} (kept as {kept})" for old, kept in moved]
            taken += self._sweep()
            self.programs.try_control("daemon-reload")
            self._forget(names)
            return tuple(taken)

    def _ours(self) -> tuple[InstalledPiece, ...]:
        texts = (
            (name, self.folder.read(name))
            for name in self.folder.names(self.names.prefix, *_SUFFIXES)
        )
        read = (read_unit(name, text, self.names) for name, text in texts if text is not None)
        return tuple(item for item in read if item is not None)

    def _switched_off(self, names: Collection[str]) -> Collection[str]:
        """Give the timers among these that would start nothing, now or after the next boot."""
        timers = frozenset(_timers(names))
        off = timers.difference(self.folder.wanted_names(self.names.prefix))
        if not timers or (waiting := waiting_timers(self.programs, self.names.prefix)) is None:
            return off
        return off | timers.difference(waiting)

    def _check(self, pieces: Sequence[Piece], ours: Mapping[str, str]) -> None:
        for piece in pieces:
            if read_unit(piece.name, piece.text, self.names) is None:
                raise ConfigurationError(f"{piece.name} is not a unit of this owner's jobs")
            if self.folder.is_taken(piece.name) and piece.name not in ours:
                raise ConfigurationError(
                    f"{self.folder.file(piece.name)} was not made by zoomauto for this owner, and"
                    " is left as it is",
                    hint=f"mv {self.folder.file(piece.name)} somewhere else",
                )
        changed = [piece for piece in pieces if ours.get(piece.name) != piece.text]
        if changed:
            check_places(self.programs, changed, self.folder.path)
            check_calendars(self.programs, changed)
            check_units(self.programs, changed, self.folder.path)

    def _change(
        self, old: Mapping[str, str], new: Mapping[str, str], moved: list[tuple[Path, Path]]
    ) -> None:
        gone = [name for name in old if name not in new]
        self._retire(gone, moved)
        for name, text in new.items():
            moved += self._without_drop_ins(name)
            if old.get(name) != text:
                self.folder.write(name, text)
        timers = _timers(new)
        enabled = frozenset(self.folder.wanted_names(self.names.prefix))
        off = [name for name in timers if name not in enabled]
        self.programs.control_all("--no-reload", "enable", names=off)
        self.programs.control("daemon-reload")
        self._forget(gone)
        active = active_timers(self.programs, self.names.prefix)
        self.programs.control_all("start", names=[name for name in timers if name not in active])
        changed = [name for name in timers if name in old and old[name] != new[name]]
        self.programs.control_all("restart", names=changed)

    def _retire(self, names: Sequence[str], moved: list[tuple[Path, Path]]) -> None:
        timers = _timers(names)
        self.programs.try_control_all("--no-reload", "disable", names=timers)
        self.programs.try_control_all("stop", names=timers)
        # A stamp that stays starts a later timer of that name at once. One that is not where we
        # look is systemd's to clean, as long as it has a file of the timer.
        elsewhere = [timer for timer in timers if not self._drop_stamp(timer)]
        self.programs.try_control_all("clean", "--what=state", names=elsewhere)
        for name in names:
            moved += self._without_drop_ins(name)
            self.folder.remove(name)
        self.folder.remove_if_empty()

    def _restore(
        self,
        old: Mapping[str, str],
        new: Mapping[str, str],
        moved: Sequence[tuple[Path, Path]],
        *,
        enabled: Sequence[str],
    ) -> None:
        self._retire([name for name in new if name not in old], [])
        changed = [name for name in old if self.folder.read(name) != old[name]]
        for name in changed:
            self.folder.write(name, old[name])
        for place, kept in moved:
            kept.rename(place)
        self.programs.try_control("daemon-reload")
        timers = [name for name in enabled if name in old]
        self.programs.try_control_all("enable", "--now", names=timers)
        timers = [name for name in _timers(changed) if name in timers]
        self.programs.try_control_all("restart", names=timers)

    def _without_drop_ins(self, name: str) -> list[tuple[Path, Path]]:
        kept = self.folder.move_drop_ins(name, self.state_folder / "removed")
        return [(self.folder.file(f"{name}.d"), kept)] if kept else []

    def _sweep(self) -> Iterator[str]:
        """Take links and stamps of units that somebody has deleted by hand."""
        prefix = self.names.prefix
        for name in self.folder.wanted_names(prefix):
            if not self.folder.is_taken(name):
                self.folder.remove(name)
                yield f"the link that enabled {name}"
        for stamp in sorted(self._stamp("x").parent.glob(f"stamp-{prefix}*.timer")):
            if not self.folder.is_taken(stamp.name.removeprefix("stamp-")):
                stamp.unlink(missing_ok=True)
                yield str(stamp)
        self.folder.remove_if_empty()

    def _forget(self, names: Sequence[str]) -> None:
        """Let systemd drop the memory of how units that are gone have failed."""
        self.programs.try_control_all("reset-failed", names=names)

    def _drop_stamp(self, timer: str) -> bool:
        """Delete the memory of a timer's last start; say whether there was one."""
        try:
            self._stamp(timer).unlink()
        except FileNotFoundError:
            return False
        return True

    def _stamp(self, timer: str) -> Path:
        return stamp_folder(self.programs.scope) / f"stamp-{timer}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = os.open(self.state_folder / "systemd.lock", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
            yield
        finally:
            os.close(number)


def _timers(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.endswith(".timer")]
