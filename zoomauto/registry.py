"""Name -> ``module:Class``: one line per built-in, entry points for third parties.

An adapter is imported when its name is used.
Built-ins never pay for the entry-point scan (45 ms).
"""

from functools import cache
from importlib import import_module
from typing import Any

from zoomauto.errors import ConfigurationError, NotFound

BUILT_IN: dict[str, dict[str, str]] = {
    "source": {
        "folder": "zoomauto.sources.folder.source:FolderSource",
        "zoom": "zoomauto.sources.zoom.source:ZoomSource",
    },
    "stage": {
        "download": "zoomauto.stages.download:DownloadStage",
        "trim": "zoomauto.stages.trim:TrimStage",
        "transcription": "zoomauto.stages.transcription.stage:TranscriptionStage",
        "subtitles": "zoomauto.stages.subtitles:SubtitlesStage",
        "topics": "zoomauto.stages.topics.stage:TopicsStage",
        "upload": "zoomauto.stages.upload:UploadStage",
    },
    "destination": {
        "command": "zoomauto.destinations.command:CommandDestination",
        "folder": "zoomauto.destinations.folder:FolderDestination",
        "google-drive": "zoomauto.destinations.google_drive.destination:DriveDestination",
        "object-store": "zoomauto.destinations.object_store.destination:ObjectStoreDestination",
        "rclone": "zoomauto.destinations.rclone:RcloneDestination",
        "sftp": "zoomauto.destinations.sftp.destination:SftpDestination",
        "webdav": "zoomauto.destinations.webdav.destination:WebdavDestination",
        "youtube": "zoomauto.destinations.youtube.destination:YouTubeDestination",
    },
    "scheduler": {
        "crontab": "zoomauto.schedulers.crontab.backend:CrontabScheduler",
        "systemd": "zoomauto.schedulers.systemd.backend:SystemdScheduler",
    },
}


def names(kind: str) -> tuple[str, ...]:
    """Give every name of a kind, as in ``source`` or ``scheduler``, built-ins first."""
    return tuple(dict.fromkeys((*BUILT_IN[kind], *(e.name for e in _entry_points(kind)))))


def load(kind: str, name: str) -> Any:
    """Import the adapter class of that kind and name.

    Raise NotFound for an unknown name, ConfigurationError for a plug-in that cannot be imported.
    """
    if spec := BUILT_IN[kind].get(name):
        module, _, attribute = spec.partition(":")
        return getattr(import_module(module), attribute)
    for entry in _entry_points(kind):
        if entry.name == name:
            return _load_plugin(kind, entry)
    known = ", ".join(names(kind))
    raise NotFound(f"there is no {kind} type {name!r}; there is: {known}")


@cache
def _entry_points(kind: str) -> Any:
    from importlib.metadata import entry_points  # third parties only; see the module docstring

    return entry_points(group=f"zoomauto.{kind}s")


def _load_plugin(kind: str, entry: Any) -> Any:
    try:
        return entry.load()
    except Exception as error:
        raise ConfigurationError(
            f"the {kind} {entry.name!r} of {entry.dist.name if entry.dist else 'a plug-in'}"
            f" cannot be imported: {error}"
        ) from error
