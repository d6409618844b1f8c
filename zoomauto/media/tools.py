"""What every adapter is handed beside its own options."""

from dataclasses import dataclass
from functools import cached_property

from zoomauto.media.ffmpeg import Ffmpeg, find_ffmpeg
from zoomauto.ports.clock import Clock
from zoomauto.ports.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The machine's tools. Sources, stages and destinations are built ``cls(options, tools)``."""

    workspace: Workspace
    clock: Clock
    #: The path of ffmpeg from the settings; None means that it is looked for.
    ffmpeg_setting: str | None = None

    @cached_property
    def ffmpeg(self) -> Ffmpeg:
        """Find ffmpeg when something needs it, once. Raise ConfigurationError without one."""
        return find_ffmpeg(self.ffmpeg_setting)
