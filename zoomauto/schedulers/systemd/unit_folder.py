"""Unit files on disk: read, replaced whole, taken away with all that hangs on them."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp

from zoomauto.errors import ConfigurationError, DiskFull, TemporaryError
from zoomauto.schedulers.systemd.program import Scope

_WANTS = "timers.target.wants"
_MODE = 0o644


def default_folder(scope: Scope) -> Path:
    """Give the folder for units that people install (systemd.unit(5))."""
    if scope == "system":
        return Path("/etc/systemd/system")
    return _xdg("XDG_CONFIG_HOME", ".config") / "systemd/user"


def stamp_folder(scope: Scope) -> Path:
    """Give the folder in which persistent timers note their last start (systemd.timer(5))."""
    if scope == "system":
        return Path("/var/lib/systemd/timers")
    return _xdg("XDG_DATA_HOME", ".local/share") / "systemd/timers"


class UnitFolder:
    """One folder of units, in which everything but our own files is left alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, name: str) -> Path:
        """Give the path of a unit file."""
        return self.path / name

    def names(self, prefix: str, *suffixes: str) -> tuple[str, ...]:
        """Give the names in the folder that begin with ``prefix`` and end in one of the others."""
        return _names(self.path, prefix, suffixes)

    def wanted_names(self, prefix: str) -> tuple[str, ...]:
        """Give the timers that are enabled, dangling links included."""
        return _names(self.path / _WANTS, prefix, (".timer",))

    def read(self, name: str) -> str | None:
        """Give a file's text, bytes that are no UTF-8 as surrogates; None for anything else.

        A link is somebody's: ``systemctl link`` and ``mask`` make them.
        """
        file = self.file(name)
        with _translated(file):
            if file.is_symlink() or not file.is_file():
                return None
            return file.read_bytes().decode("utf-8", "surrogateescape")

    def is_taken(self, name: str) -> bool:
        """Whether there is anything of that name."""
        return os.path.lexists(self.file(name))

    def write(self, name: str, text: str) -> None:
        """Replace a file as a whole, flushed to disk."""
        with _translated(self.file(name)):
            self.path.mkdir(mode=0o755, parents=True, exist_ok=True)
            number, beside = mkstemp(prefix=".zoomauto-", dir=self.path)
            try:
                with os.fdopen(number, "wb") as stream:
                    stream.write(text.encode("utf-8", "surrogateescape"))
                    stream.flush()
                    os.fchmod(number, _MODE)
                    os.fsync(number)
                Path(beside).replace(self.file(name))
            except BaseException:
                Path(beside).unlink(missing_ok=True)
                raise

    def remove(self, name: str) -> None:
        """Delete a file, and the link that enabled it if systemd left one."""
        file, link = self.file(name), self.path / _WANTS / name
        with _translated(file):
            file.unlink(missing_ok=True)
            if link.is_symlink():
                link.unlink()

    def drop_ins(self, name: str) -> Path | None:
        """Give the folder of what somebody has added to a unit (``systemctl edit``)."""
        folder = self.file(f"{name}.d")
        return folder if folder.is_dir() and any(folder.iterdir()) else None

    def move_drop_ins(self, name: str, parent: Path) -> Path | None:
        """Move what somebody has added to a unit away, into a folder in ``parent``; say where."""
        folder = self.file(f"{name}.d")
        with _translated(folder):
            if self.drop_ins(name) is None:
                if folder.is_dir():
                    folder.rmdir()
                return None
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = parent / folder.name
            number = 1
            while place.exists():
                number += 1
                place = parent / f"{folder.name}-{number}"
            shutil.move(folder, place)
            return place

    def remove_if_empty(self) -> None:
        """Delete the folder of links when we were the last to have one."""
        try:
            (self.path / _WANTS).rmdir()
        except OSError:
            return


def _names(folder: Path, prefix: str, suffixes: tuple[str, ...]) -> tuple[str, ...]:
    with _translated(folder):
        if not folder.is_dir():
            return ()
        found = (entry.name for entry in folder.iterdir())
        return tuple(sorted(n for n in found if n.startswith(prefix) and n.endswith(suffixes)))


def _xdg(variable: str, fallback: str) -> Path:
    # Relative values are to be ignored (XDG Base Directory Specification).
    named = Path(os.environ.get(variable, ""))
    return named if named.is_absolute() else Path.home() / fallback


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _translate(path, error) from error


def _translate(path: Path, error: OSError) -> Exception:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull(f"there is no space for {path}")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return ConfigurationError(
            f"{path} cannot be changed: {error.strerror}",
            hint="run it with sudo, or with --scope user",
        )
    return TemporaryError(f"{path} cannot be changed: {error.strerror}")
