"""What a person asks to change about a job, from flags or from a document."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from zoomauto.domain.job import MAX_SYNC_DAYS, JobSpec
from zoomauto.domain.policy import changed_policies, policies_document
from zoomauto.domain.processing import with_settings
from zoomauto.domain.recording import RecordingStatus
from zoomauto.domain.schedule import Schedule, schedule_from_document, schedule_to_document
from zoomauto.errors import InvalidDocument, UsageError

_KEYS = ("name", "description", "template_ids", "schedule", "sync_config", "filters")
_ALL_KEYS = (*_KEYS, "processing_config", "is_active", "policies")


@dataclass(frozen=True, kw_only=True, slots=True)
class JobChange:
    """The parts of a job that are asked for; None leaves a part as it is."""

    name: str | None = None
    description: str | None = None
    #: References to templates: ids, names, ``id:N``.
    templates: tuple[str, ...] | None = None
    schedule: Schedule | None = None
    sync_days: int | None = None
    statuses: tuple[str, ...] | None = None
    exclude_blank: bool | None = None
    #: Takes the place of the whole config.
    processing_config: Mapping[str, Any] | None = None
    #: ``KEY=VALUE`` assignments laid over the config.
    settings: Mapping[str, str] = field(default_factory=dict)
    is_active: bool | None = None
    #: The part of the ``policies`` table that is asked for.
    policies: Mapping[str, Any] = field(default_factory=dict)


def new_spec(change: JobChange, template_ids: tuple[int, ...]) -> JobSpec:
    """Make the spec of a new job. Raise UsageError when a part is missing or unusable."""
    if not change.schedule:
        raise UsageError("a job needs a schedule", hint="--daily 06:00, or --every-hours 6")
    return changed_spec(JobSpec(name="", schedule=change.schedule), change, template_ids)


def changed_spec(base: JobSpec, change: JobChange, template_ids: tuple[int, ...]) -> JobSpec:
    """Lay a change over a spec. Raise UsageError when the result is unusable."""
    config = (
        base.processing_config if change.processing_config is None else change.processing_config
    )
    spec = replace(
        base,
        name=_kept(change.name, base.name),
        description=_kept(change.description, base.description),
        template_ids=template_ids,
        schedule=change.schedule or base.schedule,
        sync_days=_kept(change.sync_days, base.sync_days),
        statuses=base.statuses if change.statuses is None else _statuses(change.statuses),
        exclude_blank=_kept(change.exclude_blank, base.exclude_blank),
        processing_config=with_settings(config, change.settings),
        is_active=_kept(change.is_active, base.is_active),
        policies=changed_policies(base.policies, change.policies),
    )
    _check(spec)
    return spec


def change_from_document(document: Any, *, default_timezone: str) -> JobChange:
    """Read the job document of contract, section 4.

    Raise InvalidDocument for unknown keys and wrong types, InvalidSchedule for the schedule.
    """
    whole = _table(document, "the document", allowed=_ALL_KEYS)
    sync = _table(whole.get("sync_config", {}), "sync_config", allowed=("sync_days",))
    filters = _table(whole.get("filters", {}), "filters", allowed=("status", "exclude_blank"))
    schedule, config = whole.get("schedule"), whole.get("processing_config")
    ids = _typed(whole, "template_ids", list, "a list of numbers")
    statuses = _typed(filters, "status", list, "a list of statuses")
    return JobChange(
        name=_typed(whole, "name", str, "text"),
        description=_typed(whole, "description", str, "text"),
        templates=None if ids is None else tuple(f"id:{_template_id(item)}" for item in ids),
        schedule=None
        if schedule is None
        else schedule_from_document(
            _table(schedule, "schedule"), default_timezone=default_timezone
        ),
        sync_days=_typed(sync, "sync_days", int, "a number", where="sync_config."),
        statuses=None if statuses is None else tuple(str(item) for item in statuses),
        exclude_blank=_typed(filters, "exclude_blank", bool, "true or false", where="filters."),
        processing_config=None if config is None else _table(config, "processing_config"),
        is_active=_typed(whole, "is_active", bool, "true or false"),
        policies=_table(whole.get("policies", {}), "policies"),
    )


def document_of(spec: JobSpec) -> dict[str, Any]:
    """Give the job document of contract, section 4."""
    return {
        "name": spec.name,
        "description": spec.description,
        "template_ids": list(spec.template_ids),
        "schedule": schedule_to_document(spec.schedule),
        "sync_config": {"sync_days": spec.sync_days},
        "filters": {
            "status": [str(status) for status in spec.statuses],
            "exclude_blank": spec.exclude_blank,
        },
        "processing_config": dict(spec.processing_config),
        "is_active": spec.is_active,
        "policies": policies_document(spec.policies),
    }


def _check(spec: JobSpec) -> None:
    if not spec.name.strip():
        raise UsageError("a job needs a name")
    if "\x00" in spec.name + spec.description:
        raise UsageError("a name or description cannot hold a NUL character")
    if not spec.template_ids:
        raise UsageError("a job needs at least one template", hint="zoomauto template list")
    if not 1 <= spec.sync_days <= MAX_SYNC_DAYS:
        raise UsageError(f"sync_days must be 1 to {MAX_SYNC_DAYS}, not {spec.sync_days}")


def _kept(new: Any, old: Any) -> Any:
    return old if new is None else new


def _statuses(words: tuple[str, ...]) -> tuple[RecordingStatus, ...]:
    known = {str(status) for status in RecordingStatus}
    if unknown := [word for word in words if word.upper() not in known]:
        raise UsageError(
            f"there is no recording status {', '.join(unknown)}",
            hint=f"known: {', '.join(sorted(known))}",
        )
    if not words:
        raise UsageError("the status filter is empty: no recording would ever be started")
    return tuple(RecordingStatus(word.upper()) for word in dict.fromkeys(words))


def _table(value: Any, what: str, *, allowed: tuple[str, ...] = ()) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidDocument(f"{what} must be a table of keys and values, not {value!r}")
    if allowed and (unknown := [key for key in value if key not in allowed]):
        raise InvalidDocument(
            f"{what} has no key {', '.join(map(repr, unknown))}",
            hint=f"known: {', '.join(allowed)}",
        )
    return value


def _typed(table: Mapping[str, Any], key: str, kind: type, words: str, *, where: str = "") -> Any:
    value = table.get(key)
    # bool is an int to Python, but a document that says true where a number belongs is wrong.
    fits = type(value) is kind if kind in (int, bool) else isinstance(value, kind)
    if value is None or fits:
        return value
    raise InvalidDocument(f"{where}{key} must be {words}, not {value!r}")


def _template_id(item: Any) -> int:
    if isinstance(item, int) and not isinstance(item, bool):
        return item
    raise InvalidDocument(f"template_ids must be a list of numbers; {item!r} is none")
