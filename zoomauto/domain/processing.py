"""The processing config: flags and one table per stage, cascaded from three layers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from zoomauto.domain.options import option_names, read_options
from zoomauto.errors import InvalidOptions

#: Our stages in their order; each may have a table of that name in ``processing_config``. A stage
#: of a third party runs where there is a table with its name, behind the one of ours it names.
STAGES = ("download", "trim", "transcription", "subtitles", "topics", "upload")
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True, slots=True)
class Flags:
    """The switches of ``processing_config`` and their defaults (contract, section 4)."""

    #: Off: only sync and match.
    auto_process: bool = True
    #: Off: stop before publication.
    auto_upload: bool = True
    skip_trim: bool = False
    skip_transcription: bool = False
    skip_subtitles: bool = False
    skip_topics: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessingConfig:
    """The config that counts for one recording: job over template over defaults."""

    flags: Flags = field(default_factory=Flags)
    #: Stage -> its options as they were given.
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def cascade(*layers: Mapping[str, Any]) -> ProcessingConfig:
    """Lay configs over each other, key by key; the last one that names a key decides."""
    flags: dict[str, Any] = {}
    tables: dict[str, dict[str, Any]] = {}
    for layer in layers:
        for key, value in layer.items():
            if _is_table(key, value):
                tables.setdefault(key, {}).update(value)
            else:
                flags[key] = value
    return ProcessingConfig(flags=Flags(**flags), tables=tables)


def check_processing_config(
    config: Mapping[str, Any],
    options_of: Mapping[str, type],
    *,
    templates: Mapping[str, Mapping[str, Any]] = NOTHING,
) -> dict[str, Any]:
    """Validate a config when it is saved; give it with every value in its own type.

    ``options_of`` holds the options dataclass of each stage there is; ``templates`` the configs
    that this one is laid over, by name: what counts is each table over the one beneath it.
    Raise InvalidOptions for unknown keys, tables of absent stages and unusable values.
    """
    tables = {key: value for key, value in config.items() if _is_table(key, value)}
    flags = {key: value for key, value in config.items() if key not in tables}
    checked = _typed(Flags, flags, where="processing_config")
    for stage in (*STAGES, *sorted(tables.keys() - set(STAGES))):
        if stage not in tables:
            continue
        beneath = {name: layer[stage] for name, layer in templates.items() if layer.get(stage)}
        if len(beneath) < max(1, len(templates)):
            checked[stage] = _checked_table(stage, tables[stage], options_of)
        for name, table in beneath.items():
            try:
                checked[stage] = _checked_table(stage, tables[stage], options_of, beneath=table)
            except InvalidOptions as error:
                raise error.saying(f"over template {name!r}: {error.message}") from error
    return checked


def with_settings(config: Mapping[str, Any], assignments: Mapping[str, str]) -> dict[str, Any]:
    """Lay ``KEY=VALUE`` assignments over a config; ``trim.threshold_db`` reaches into a table.

    ``{}`` is an empty table: a stage of a third party that needs no options runs for having one.
    """
    merged = {key: dict(v) if isinstance(v, Mapping) else v for key, v in config.items()}
    for path, value in assignments.items():
        table, dot, key = path.partition(".")
        if not dot:
            merged[path] = {} if value == "{}" else value
            continue
        inner = merged.setdefault(table, {})
        if not isinstance(inner, dict):
            raise InvalidOptions(f"{table!r} is a switch and has no key {key!r}")
        inner[key] = value
    return merged


def _is_table(key: str, value: Any) -> bool:
    """Whether a key names a stage; what no stage of ours is called tells by its value."""
    return key in STAGES or isinstance(value, Mapping)


def _checked_table(
    stage: str,
    table: Any,
    options_of: Mapping[str, type],
    *,
    beneath: Mapping[str, Any] = NOTHING,
) -> dict[str, Any]:
    where = f"processing_config.{stage}"
    if not isinstance(table, Mapping):
        raise InvalidOptions(f"{where} must be a table of options, not {table!r}")
    if stage not in options_of:
        raise InvalidOptions(f"{where}: there is no {stage} stage, so it takes no options")
    return _typed(options_of[stage], table, where=where, beneath=beneath)


def _typed(
    options: type[Any],
    values: Mapping[str, Any],
    *,
    where: str,
    beneath: Mapping[str, Any] = NOTHING,
) -> dict[str, Any]:
    read = read_options(options, {**beneath, **values}, where=where)
    return {name: getattr(read, name) for name in option_names(options) if name in values}
