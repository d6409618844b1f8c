"""All units of one owner and installation, changed together or not at all."""

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from zoomauto.domain.entry import InstalledPiece, Piece
from zoomauto.errors import ConfigurationError
from zoomauto.schedulers.systemd.check import (
    check_calendars,
    check_held,
    check_places,
    check_units,
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
        """Read our units back: a drop-in, or a timer that is not enabled, is somebody's edit."""
        enabled = frozenset(self.folder.wanted_names(self.names.prefix))
        return tuple(
            InstalledPiece(
                piece=item.piece,
                is_edited=item.is_edited
                or self.folder.drop_ins(item.piece.name) is not None
                or (item.piece.name.endswith(".timer") and item.piece.name not in enabled),
            )
            for item in self._ours()
        )

    def replace(self, pieces: Sequence[Piece]) -> None:
        """Hold exactly these units. Raise with everything as it was."""
        with self._locked():
            self.programs.control("show", "--property=Version")
            self._check(pieces)
            old = {item.piece.name: item.piece.text for item in self._ours()}
            before = self.folder.wanted_names(self.names.prefix)
            new = {piece.name: piece.text for piece in pieces}
            moved: list[tuple[Path, Path]] = []
            try:
                self._change(old, new, moved)
                check_held(self.programs, pieces, self.folder.path)
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

    def _check(self, pieces: Sequence[Piece]) -> None:
        ours = {item.piece.name for item in self._ours()}
        for piece in pieces:
            if read_unit(piece.name, piece.text, self.names) is None:
                raise ConfigurationError(f"{piece.name} is not a unit of this owner's jobs")
            if self.folder.is_taken(piece.name) and piece.name not in ours:
                raise ConfigurationError(
                    f"{self.folder.file(piece.name)} was not made by zoomauto for this owner, and"
                    " is left as it is",
                    hint=f"mv {self.folder.file(piece.name)} somewhere else",
                )
        if pieces:
            check_places(self.programs, pieces, self.folder.path)
            check_calendars(self.programs, pieces)
            check_units(self.programs, pieces)

    def _change(
        self, old: Mapping[str, str], new: Mapping[str, str], moved: list[tuple[Path, Path]]
    ) -> None:
        gone = [name for name in old if name not in new]
        self._retire(gone, moved)
        for name, text in new.items():
            moved += self._without_drop_ins(name)
            if old.get(name) != text:
                self.folder.write(name, text)
        self.programs.control("daemon-reload")
        self._forget(gone)
        timers = _timers(new)
        if timers:
            self.programs.control("enable", "--now", *timers)
        if changed := [name for name in timers if name in old and old[name] != new[name]]:
            self.programs.control("restart", *changed)

    def _retire(self, names: Sequence[str], moved: list[tuple[Path, Path]]) -> None:
        timers = _timers(names)
        if timers:
            self.programs.try_control("disable", "--now", *timers)
            # Afterwards it is too late: systemd cleans only what it has a file of, and a stamp that
            # stays starts a later timer of that name at once.
            self.programs.try_control("clean", "--what=state", *timers)
        for name in names:
            moved += self._without_drop_ins(name)
            self.folder.remove(name)
        for timer in timers:
            self._stamp(timer).unlink(missing_ok=True)
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
        if timers := [name for name in enabled if name in old]:
            self.programs.try_control("enable", "--now", *timers)
        if timers := [name for name in _timers(changed) if name in enabled]:
            self.programs.try_control("restart", *timers)

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
        if names:
            self.programs.try_control("reset-failed", *names)

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


def _timers(names: Sequence[str] | Mapping[str, str]) -> list[str]:
    return [name for name in names if name.endswith(".timer")]
