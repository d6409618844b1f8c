"""What every source, stage and destination may use, found only when it is used."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath
from threading import Semaphore

from zoomauto.media.ffmpeg import Ffmpeg, find_ffmpeg, one_per_core
from zoomauto.media.room import Room
from zoomauto.ports.clock import Clock
from zoomauto.ports.secrets import Secrets
from zoomauto.ports.workspace import Workspace
from zoomauto.secrets import StoredSecrets


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The second argument of every adapter: ``adapter(options, tools)``."""

    workspace: Workspace
    clock: Clock
    #: The setting ``media.ffmpeg``: a path or a name; None to look for one.
    ffmpeg_setting: str | None = None
    #: The setting ``nice``.
    niceness: int = 0
    #: How many ffmpegs may run at once, whoever starts them.
    turns: Semaphore = field(default_factory=one_per_core, repr=False)
    #: For what outlives a run and belongs in no database, such as logins.
    state_folder: PurePath | None = None
    #: What copies and cuts that are under way still need of the disk.
    room: Room = field(default_factory=Room, repr=False)
    #: Those of the source that is opened; nothing is resolved before it is asked for.
    secrets: Secrets = field(default_factory=lambda: StoredSecrets({}))

    @cached_property
    def ffmpeg(self) -> Ffmpeg:
        """Find ffmpeg. Raise ConfigurationError when there is none."""
        return find_ffmpeg(self.ffmpeg_setting, turns=self.turns, niceness=self.niceness)
