"""Whether the settings lead anywhere: file, database, ffmpeg, zone, folders."""

import os
import subprocess
from pathlib import Path

from zoomauto.domain.source import Check
from zoomauto.errors import ZoomautoError
from zoomauto.media.ffmpeg import find_ffmpeg
from zoomauto.settings import Settings

_PATIENCE_SECONDS = 20


def check_settings(settings: Settings) -> tuple[Check, ...]:
    """Establish one fact after the other; nothing is made or changed.

    That the file can be read and knows its keys is a fact already: there would be no settings.
    """
    return (
        _file(settings),
        _database(settings),
        _ffmpeg(settings),
        Check(name="timezone", ok=True, detail=settings.timezone),
        _writable("workspace", settings.workspace),
        _writable("log_file", settings.log_file),
    )


def _file(settings: Settings) -> Check:
    file = settings.config_file
    detail = str(file) if file.is_file() else f"{file} does not exist; defaults count"
    return Check(name="settings file", ok=True, detail=detail)


def _database(settings: Settings) -> Check:
    from zoomauto.bootstrap import database

    try:
        status = database(settings).status()
    except ZoomautoError as error:
        return Check(name="database", ok=False, detail=_mended(error))
    is_server = status.size_bytes is None and not status.url.startswith("sqlite:")
    words = {
        "current": "current",
        "missing": "no tables yet; zoomauto database upgrade makes them"
        if is_server
        else "not made yet; the first command makes it",
        "outdated": "an older schema; zoomauto database upgrade",
        "too new": "written by a newer zoomauto; pip install --upgrade zoomauto",
    }
    ok = status.state == "current" or (not is_server and status.state != "too new")
    return Check(name="database", ok=ok, detail=f"{status.url}: {words[status.state]}")


def _ffmpeg(settings: Settings) -> Check:
    try:
        path = find_ffmpeg(settings.ffmpeg).path
        version = subprocess.run(  # noqa: S603 - the program that the settings name
            [path, "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE_SECONDS,
            check=True,
        ).stdout.partition("\n")[0]
    except ZoomautoError as error:
        return Check(name="ffmpeg", ok=False, detail=_mended(error))
    except (OSError, subprocess.SubprocessError) as error:
        return Check(name="ffmpeg", ok=False, detail=f"{path} does not work: {error}")
    return Check(name="ffmpeg", ok=True, detail=f"{path}: {version}")


def _writable(name: str, path: Path) -> Check:
    """Say whether ``path`` is writable, or could be made."""
    nearest = next(folder for folder in (path, *path.parents) if folder.exists())
    if os.access(nearest, os.W_OK):
        return Check(name=name, ok=True, detail=str(path))
    return Check(name=name, ok=False, detail=f"{path}: {nearest} cannot be written")


def _mended(error: ZoomautoError) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message
