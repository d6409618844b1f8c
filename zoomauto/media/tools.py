"""What every source, stage and destination may use, found only when it is used."""

from dataclasses import dataclass
from functools import cached_property

from zoomauto.media.ffmpeg import Ffmpeg, find_ffmpeg
from zoomauto.ports.clock import Clock
from zoomauto.ports.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The second argument of every adapter: ``adapter(options, tools)``."""

    workspace: Workspace
    clock: Clock
    #: The setting ``media.ffmpeg``: a path or a name; None to look for one.
    ffmpeg_setting: str | None = None

    @cached_property
    def ffmpeg(self) -> Ffmpeg:
        """Find ffmpeg. Raise ConfigurationError when there is none."""
        return find_ffmpeg(self.ffmpeg_setting)
