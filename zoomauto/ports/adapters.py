"""Where use cases get open adapters and their options from; they never see an adapter class."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from zoomauto.domain.recording import FileKind
from zoomauto.domain.source import SourceConfig
from zoomauto.ports.destination import Destination
from zoomauto.ports.source import Source
from zoomauto.ports.stage import Stage


class Adapters(Protocol):
    """Every source, stage and destination there is."""

    def stage_options(self, names: Iterable[str] = ()) -> Mapping[str, type]:
        """Give the options dataclass of each stage of ours that there is, by stage name.

        And of those of third parties that are named, if they are installed. Raise
        ConfigurationError for one that cannot be used.
        """

    def stage_place(self, name: str) -> str:
        """Give the stage of ours that a third party's stage follows.

        Of one that cannot be loaded it is ``trim``: making it will say why.
        """

    def check_source(
        self, type_name: str, options: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> dict[str, Any]:
        """Validate a source's options; give the ones that were set, each in its own type.

        Raise NotFound for an unknown type, InvalidOptions for the rest.
        """

    def check_destination(
        self, type_name: str, options: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> dict[str, Any]:
        """Validate a destination's options, as :meth:`check_source` does."""

    def kinds_taken(self, type_name: str) -> frozenset[FileKind] | None:
        """Give the kinds of artifacts that such a destination has a place for; None: all."""

    def feeds_back(self, source: SourceConfig, type_name: str, options: Mapping[str, Any]) -> bool:
        """Whether what is published at that destination would be listed by ``source`` again."""

    def source(self, config: SourceConfig) -> Source:
        """Open a source."""

    def destination(
        self, type_name: str, options: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> Destination:
        """Open a destination; ``secrets`` are references, resolved when they are needed."""

    def stage(self, name: str, options: Mapping[str, Any]) -> Stage:
        """Make a stage with its table of ``processing_config``."""
