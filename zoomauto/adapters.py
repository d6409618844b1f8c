"""Opens adapters by name: the registry behind the port that use cases know."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from inspect import signature
from pathlib import Path
from threading import Lock
from typing import Any

from zoomauto import registry
from zoomauto.domain.hint import named
from zoomauto.domain.options import read_options
from zoomauto.domain.processing import STAGES
from zoomauto.domain.recording import FileKind
from zoomauto.domain.source import SourceConfig
from zoomauto.errors import (
    ConfigurationError,
    InvalidOptions,
    NotFound,
    UsageError,
    ZoomautoError,
)
from zoomauto.media.tools import Tools
from zoomauto.ports.clock import Clock
from zoomauto.ports.destination import Destination
from zoomauto.ports.scheduler import Scheduler
from zoomauto.ports.source import Source
from zoomauto.ports.stage import Stage
from zoomauto.secrets import StoredSecrets, check_reference


@dataclass(frozen=True, kw_only=True)
class RegisteredAdapters:
    """Every adapter of the registry, built with its validated options and the machine's tools."""

    tools: Tools
    #: Open sources by their configuration's id: one token and one pool of connections each.
    _sources: dict[int, tuple[SourceConfig, Source]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _opening: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def stage_options(self, names: Iterable[str] = ()) -> Mapping[str, type]:
        """Give the options dataclass of each stage of ours, and of others that are named.

        Only a name that is none of ours costs a look for plug-ins.
        """
        known = registry.BUILT_IN["stage"]
        options = {name: registry.load("stage", name).Options for name in STAGES if name in known}
        for name in names:
            if name in STAGES:
                continue
            with suppress(NotFound):
                options[name] = _plugged_stage(name).Options
        return options

    def stage_place(self, name: str) -> str:
        """Give the stage of ours that a third party's stage follows; ``trim`` of a broken one."""
        try:
            place: str = _plugged_stage(name).after
        except ZoomautoError:
            return "trim"
        return place

    def check_source(
        self, type_name: str, options: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> dict[str, Any]:
        """Validate a source's options; give the ones that were set, each in its own type."""
        return _checked("source", type_name, options, secrets)

    def check_destination(
        self, type_name: str, options: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> dict[str, Any]:
        """Validate a destination's options likewise."""
        return _checked("destination", type_name, options, secrets)

    def kinds_taken(self, type_name: str) -> frozenset[FileKind] | None:
        """Give the kinds of artifacts that such a destination has a place for; None: all."""
        taken: frozenset[FileKind] | None
        taken = getattr(registry.load("destination", type_name), "takes", None)
        return taken

    def feeds_back(self, source: SourceConfig, type_name: str, options: Mapping[str, Any]) -> bool:
        """Whether what is published at that destination would be listed by ``source`` again."""
        if (source.type, type_name) != ("folder", "folder"):
            return False
        listed = _options("source", "folder", source.options).root.resolve()
        published = _options("destination", "folder", options).folder.resolve()
        if not published.is_relative_to(listed):
            return False
        # A folder source looks into no hidden folder.
        return not any(part.startswith(".") for part in published.relative_to(listed).parts)

    def source(self, config: SourceConfig) -> Source:
        """Open a source, or give the open one while its configuration stays the same."""
        with self._opening:
            return self._opened(config)

    def _opened(self, config: SourceConfig) -> Source:
        known, opened = self._sources.get(config.id, (None, None))
        if opened is None or known is None or not _is_same(known, config):
            place = f"source {config.name!r}"
            command = named("zoomauto source update NAME", config.name)
            stored = StoredSecrets(config.secrets, place=place, command=command)
            tools = replace(self.tools, secrets=stored)
            opened = _built("source", config.type, config.options, tools)
            self._sources[config.id] = config, opened
        return opened

    def destination(
        self, type_name: str, options: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> Destination:
        """Open a destination; its secrets are resolved when they are needed."""
        command = "zoomauto destination update NAME"
        stored = StoredSecrets(secrets, place=f"the {type_name} destination", command=command)
        tools = replace(self.tools, secrets=stored)
        opened: Destination = _built("destination", type_name, options, tools)
        return opened

    def stage(self, name: str, options: Mapping[str, Any]) -> Stage:
        """Make a stage with its table of ``processing_config``."""
        if name not in STAGES:
            _plugged_stage(name)
        made: Stage = _built("stage", name, options, self.tools)
        return made


@dataclass(frozen=True, kw_only=True)
class RegisteredSchedulers:
    """Every scheduler backend of the registry."""

    state_folder: Path
    clock: Clock
    #: The zone of this host's clock.
    host_timezone: str

    def open(self, name: str, *, owner: str, installation: str, scope: str) -> Scheduler:
        """Open a backend. Raise UsageError for the system's scope where there is only the user's.

        A class is handed ``scope`` and ``host_timezone`` if it takes them.
        """
        adapter = registry.load("scheduler", name)
        takes = signature(adapter).parameters
        if scope != "user" and "scope" not in takes:
            raise UsageError(
                f"{name} has no entries of the system", hint="--scope user, or --backend systemd"
            )
        more = {"scope": scope, "host_timezone": self.host_timezone}
        opened: Scheduler = adapter(
            owner=owner,
            installation=installation,
            state_folder=self.state_folder,
            clock=self.clock,
            **{key: value for key, value in more.items() if key in takes},
        )
        return opened


def _plugged_stage(name: str) -> Any:
    """Load a third party's stage. Raise ConfigurationError when it has no place among ours."""
    adapter = registry.load("stage", name)
    # What comes behind the upload is published nowhere.
    places = STAGES[:-1]
    if getattr(adapter, "after", None) not in places:
        raise ConfigurationError(
            f"the stage {name!r} does not say which stage it follows",
            hint=f"its class needs after = one of {', '.join(places)}",
        )
    return adapter


def _built(kind: str, name: str, options: Mapping[str, Any], tools: Tools) -> Any:
    return registry.load(kind, name)(_options(kind, name, options), tools)


def _options(kind: str, name: str, options: Mapping[str, Any]) -> Any:
    return read_options(registry.load(kind, name).Options, options, where=f"{kind} {name}")


def _is_same(known: SourceConfig, config: SourceConfig) -> bool:
    return (known.type, known.options, known.secrets) == (
        config.type,
        config.options,
        config.secrets,
    )


def _checked(
    kind: str, type_name: str, options: Mapping[str, Any], secrets: Mapping[str, str]
) -> dict[str, Any]:
    adapter = registry.load(kind, type_name)
    if unknown := sorted(set(secrets) - adapter.secret_names):
        raise InvalidOptions(
            f"the {kind} type {type_name} has no secret {', '.join(unknown)}",
            hint=f"its secrets: {', '.join(sorted(adapter.secret_names)) or 'none'}",
        )
    for reference in secrets.values():
        check_reference(reference)
    read = read_options(adapter.Options, options, where=f"{type_name} {kind}")
    return {name: getattr(read, name) for name in options}
