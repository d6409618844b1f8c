"""What systemd thinks of our units, before they are written and after."""

import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from zoomauto.domain.entry import Piece
from zoomauto.errors import ConfigurationError
from zoomauto.schedulers.systemd.program import SystemdPrograms
from zoomauto.schedulers.systemd.unit_text import calendar_of

_PROPERTIES = "Id,FragmentPath,LoadState,ActiveState,NeedDaemonReload,TimersCalendar"
#: What a manager calls itself from the end of its boot on; degraded by any unit that has failed.
_BOOTED_STATES = ("running", "degraded")
#: Far below what one command line may hold.
_MOST_LINES = 500
#: For each unit that it is asked about for the first time, systemd reads its whole folder: 17 ms
#: with two thousand units in it, 40 ms with six thousand.
_MOST_COMPARED = 200


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


def check_units(programs: SystemdPrograms, pieces: Sequence[Piece], folder: Path) -> None:
    """Raise ConfigurationError when systemd has complaints about these units, and not others'."""
    # Whatever is in our own folder already would be loaded along, every time.
    others = [path for path in programs.unit_path() if Path(path).resolve() != folder.resolve()]
    for first in range(0, len(pieces), _MOST_LINES):
        _check_units(programs, pieces[first : first + _MOST_LINES], others)


def _check_units(
    programs: SystemdPrograms, pieces: Sequence[Piece], unit_path: Sequence[str]
) -> None:
    with TemporaryDirectory(prefix="zoomauto-") as folder:
        files = [Path(folder) / piece.name for piece in pieces]
        for file, piece in zip(files, pieces, strict=True):
            file.write_text(piece.text, encoding="utf-8", errors="surrogateescape")
        said = programs.analyze("verify", "--man=no", *map(str, files), unit_path=unit_path)
    for line in said.err.splitlines():
        if any(piece.name in line for piece in pieces):
            raise ConfigurationError(f"systemd refuses a unit: {line}")


def check_places(programs: SystemdPrograms, pieces: Sequence[Piece], folder: Path) -> None:
    """Raise ConfigurationError when systemd has a unit of the same name from another folder."""
    names = {piece.name for piece in pieces}
    for other in map(Path, programs.unit_path()):
        if other.resolve() == folder.resolve() or not other.is_dir():
            continue
        if taken := sorted(names.intersection(entry.name for entry in other.iterdir())):
            raise ConfigurationError(
                f"systemd has another {taken[0]} already, from {other / taken[0]}",
                hint=f"systemctl --{programs.scope} cat {taken[0]}",
            )


def check_held(
    programs: SystemdPrograms,
    pieces: Sequence[Piece],
    changed: Sequence[Piece],
    folder: Path,
    enabled: Collection[str],
) -> None:
    """Read back what systemd has loaded, and see that all timers are ``enabled``.

    Raise ConfigurationError unless it is these pieces, from the files in ``folder``. All must be
    loaded and all timers wait; of ``changed`` ones every property is compared, up to some
    hundred.
    """
    if not pieces:
        return
    names = [piece.name for piece in pieces]
    if off := {name for name in names if name.endswith(".timer")}.difference(enabled):
        raise ConfigurationError(f"systemd has not enabled {min(off)}")
    rows = json.loads(programs.control("list-units", "--all", "--output=json", "zoomauto-*"))
    listed = {row["unit"]: row for row in rows}
    for name in names:
        states = listed.get(name, {"load": "not-found", "active": "inactive"})
        _check_equal(programs, name, {"load": "loaded"} | _waiting(name), states)
    looked_at = changed[:_MOST_COMPARED]
    if not looked_at:
        return
    asked = [piece.name for piece in looked_at]
    shown = _units(programs.control_all("show", f"--property={_PROPERTIES}", names=asked))
    for piece in looked_at:
        _check_equal(programs, piece.name, _expected(piece, folder), shown.get(piece.name, {}))


def waiting_timers(programs: SystemdPrograms, prefix: str) -> Collection[str] | None:
    """Give the timers that wait for their time; None where none can be expected to.

    That is without a manager, and while it boots: it is still starting them.
    """
    state = programs.try_control("show", "--property=SystemState", "--value")
    return active_timers(programs, prefix) if state.out.strip() in _BOOTED_STATES else None


def active_timers(programs: SystemdPrograms, prefix: str) -> Collection[str]:
    """Give the timers that have been started."""
    listed = ("list-units", "--type=timer", "--state=active", "--output=json", f"{prefix}*")
    return frozenset(row["unit"] for row in json.loads(programs.control(*listed)))


def _waiting(name: str) -> dict[str, str]:
    return {"active": "active"} if name.endswith(".timer") else {}


def _check_equal(
    programs: SystemdPrograms, name: str, expected: Mapping[str, str], found: Mapping[str, str]
) -> None:
    differing = [f"{key}={found.get(key)}" for key in expected if found.get(key) != expected[key]]
    if differing:
        raise ConfigurationError(
            f"systemd does not hold {name} as it was written: {', '.join(differing)}",
            hint=f"systemctl --{programs.scope} status {name}",
        )


def _expected(piece: Piece, folder: Path) -> Mapping[str, str]:
    path = _path(piece.name, folder)
    loaded = {"LoadState": "loaded", "FragmentPath": path, "NeedDaemonReload": "no"}
    if not (calendar := calendar_of(piece)):
        return loaded
    times = {"TimersCalendar": str(len(calendar))}
    return loaded | {"ActiveState": "active"} | times


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
