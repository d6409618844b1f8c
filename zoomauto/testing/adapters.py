"""Adapters by name, without a registry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from zoomauto.domain.recording import FileKind
from zoomauto.domain.source import SourceConfig
from zoomauto.ports.destination import Destination
from zoomauto.ports.source import Source
from zoomauto.ports.stage import Stage


@dataclass(frozen=True, kw_only=True)
class FakeAdapters:
    """Hands out the adapters it was given; every option is fine with it."""

    #: Source name -> source.
    sources: Mapping[str, Source] = field(default_factory=dict)
    stages: Mapping[str, Stage] = field(default_factory=dict)
    #: ``path`` option -> destination.
    destinations: Mapping[str, Destination] = field(default_factory=dict)

    def stage_options(self, names: Iterable[str] = ()) -> Mapping[str, type]:
        """Give the options of the stages there are."""
        return {name: type(stage).Options for name, stage in self.stages.items()}

    def stage_place(self, name: str) -> str:
        """Give what the stage says, if there is one."""
        return str(getattr(self.stages.get(name), "after", "trim"))

    def check_source(
        self, type_name: str, options: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> dict[str, Any]:
        """Accept the options."""
        return dict(options)

    def check_destination(
        self, type_name: str, options: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> dict[str, Any]:
        """Accept the options."""
        return dict(options)

    def kinds_taken(self, type_name: str) -> frozenset[FileKind] | None:
        """Say that everything is taken."""
        return None

    def feeds_back(self, source: SourceConfig, type_name: str, options: Mapping[str, Any]) -> bool:
        """Say that nothing comes round again."""
        return False

    def source(self, config: SourceConfig) -> Source:
        """Give the source of that name."""
        return self.sources[config.name]

    def destination(
        self, type_name: str, options: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> Destination:
        """Give the destination of that path."""
        return self.destinations[options["path"]]

    def stage(self, name: str, options: Mapping[str, Any]) -> Stage:
        """Give the stage of that name."""
        return self.stages[name]
