"""What systemd thinks of our units, before they are written and after."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from zoomauto.domain.entry import Piece
from zoomauto.errors import ConfigurationError
from zoomauto.schedulers.systemd.program import SystemdPrograms
from zoomauto.schedulers.systemd.unit_text import calendar_of

_PROPERTIES = "Id,FragmentPath,LoadState,ActiveState,UnitFileState,NeedDaemonReload,TimersCalendar"
#: Far below what one command line may hold.
_MOST_LINES = 500


def check_calendars(programs: SystemdPrograms, pieces: Sequence[Piece]) -> None:
    """Raise ConfigurationError for a time that systemd does not understand.

    In a timer with others it would drop that one line without a word (systemd 252).
    """
    lines = list(dict.fromkeys(line for piece in pieces for line in calendar_of(piece)))
    for first in range(0, len(lines), _MOST_LINES):
        said = programs.analyze("calendar", *lines[first : first + _MOST_LINES])
        if said.code != 0:
            raise ConfigurationError(
                f"systemd does not understand a time of a timer: {_first_line(said.err)}",
                hint="apt install tzdata, when it is the time zone that is unknown",
            )


def check_units(programs: SystemdPrograms, pieces: Sequence[Piece]) -> None:
    """Raise ConfigurationError when systemd has complaints about these units, and not others'."""
    with TemporaryDirectory(prefix="zoomauto-") as folder:
        files = [Path(folder) / piece.name for piece in pieces]
        for file, piece in zip(files, pieces, strict=True):
            file.write_text(piece.text, encoding="utf-8", errors="surrogateescape")
        said = programs.analyze("verify", "--man=no", *map(str, files))
    ours = [piece.name for piece in pieces]
    complaints = [line for line in said.err.splitlines() if any(name in line for name in ours)]
    if complaints:
        raise ConfigurationError(f"systemd refuses a unit: {complaints[0]}")


def check_places(programs: SystemdPrograms, pieces: Sequence[Piece], folder: Path) -> None:
    """Raise ConfigurationError when systemd has a unit of the same name from another folder."""
    names = [piece.name for piece in pieces]
    shown = _units(programs.control("show", "--property=Id,FragmentPath", *names))
    for name in names:
        path = shown.get(name, {}).get("FragmentPath")
        if path and path != _path(name, folder):
            raise ConfigurationError(
                f"systemd has another {name} already, from {path}",
                hint=f"systemctl --{programs.scope} cat {name}",
            )


def check_held(programs: SystemdPrograms, pieces: Sequence[Piece], folder: Path) -> None:
    """Read back what systemd has loaded.

    Raise ConfigurationError unless it is these pieces, from the files in ``folder``.
    """
    if not pieces:
        return
    names = [piece.name for piece in pieces]
    shown = _units(programs.control("show", f"--property={_PROPERTIES}", *names))
    for piece in pieces:
        expected, found = _expected(piece, folder), shown.get(piece.name, {})
        differing = [
            f"{name}={found.get(name)}" for name in expected if found.get(name) != expected[name]
        ]
        if differing:
            raise ConfigurationError(
                f"systemd does not hold {piece.name} as it was written: {', '.join(differing)}",
                hint=f"systemctl --{programs.scope} status {piece.name}",
            )


def _expected(piece: Piece, folder: Path) -> Mapping[str, str]:
    path = _path(piece.name, folder)
    loaded = {"LoadState": "loaded", "FragmentPath": path, "NeedDaemonReload": "no"}
    if not (calendar := calendar_of(piece)):
        return loaded
    times = {"TimersCalendar": str(len(calendar))}
    return loaded | {"ActiveState": "active", "UnitFileState": "enabled"} | times


def _units(text: str) -> Mapping[str, Mapping[str, str]]:
    """Read the blocks of ``systemctl show``: a count for the property that repeats."""
    units: dict[str, dict[str, str]] = {}
    for block in text.split("\n\n"):
        pairs = [line.partition("=") for line in block.splitlines()]
        unit = {name: value for name, _, value in pairs}
        if path := unit.get("FragmentPath"):
            unit["FragmentPath"] = os.path.realpath(path)
        unit["TimersCalendar"] = str(sum(name == "TimersCalendar" for name, _, _ in pairs))
        units[unit.get("Id", "")] = unit
    return units


def _path(name: str, folder: Path) -> str:
    # Homes may lie behind a link.
    return str(folder.resolve() / name)


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else "no reason given"
